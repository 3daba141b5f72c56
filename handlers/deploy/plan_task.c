#include "handlers/deploy/plan_decision.h"

int decide_task(struct decision *d) {
    return decide_refusal(d, ERR_EVENT_UNSUPPORTED,
                          VIEW("this kind of event or target is not supported yet"), VIEW(""));
}
