#include "handlers/trigger/trigger.h"

int trigger_refuse(struct trigger *trigger, const struct err *cause, struct err *err) {
    if (cause->code == ERR_OUT_OF_MEMORY) {
        return err_out_of_memory(err, "an event");
    }
    trigger->refusal = *cause;
    return 0;
}
