import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeSet;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.JsonRuleCompiler;

/*
 * Which rules match which events, by EventBridge's own matcher (Event Ruler).
 *
 * in:  [{"rules": {"name": {pattern}}, "events": [{event}]}]
 * out: [{"errors": {"name": "what is wrong with the pattern"}, "matches": [["name", …], …]}]
 */
public final class Rules {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws Exception {
        ArrayNode answers = JSON.createArrayNode();
        for (JsonNode question : JSON.readTree(System.in)) {
            answers.add(answer(question));
        }
        JSON.writeValue(System.out, answers);
    }

    private static ObjectNode answer(JsonNode question) throws Exception {
        ObjectNode answer = JSON.createObjectNode();
        ObjectNode errors = answer.putObject("errors");
        Machine machine = Machine.builder().build();
        Iterator<Map.Entry<String, JsonNode>> rules = question.get("rules").fields();
        while (rules.hasNext()) {
            Map.Entry<String, JsonNode> rule = rules.next();
            String pattern = JSON.writeValueAsString(rule.getValue());
            String error = JsonRuleCompiler.check(pattern);
            if (error == null) {
                machine.addRule(rule.getKey(), pattern);
            } else {
                errors.put(rule.getKey(), error);
            }
        }
        ArrayNode matches = answer.putArray("matches");
        for (JsonNode event : question.get("events")) {
            ArrayNode names = matches.addArray();
            for (String name : new TreeSet<>(machine.rulesForJSONEvent(JSON.writeValueAsString(event)))) {
                names.add(name);
            }
        }
        return answer;
    }
}
