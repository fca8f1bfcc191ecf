// Serves one GGUF model as POST /v1/chat/completions on this machine; JSON is held to its schema by a grammar.
//
//   npm install --omit=optional node-llama-cpp @node-llama-cpp/linux-x64
//   node local_model_server.mjs MODEL.gguf [port] [threads]
//
// Enough for `make local-model`, and no more: no key, no streaming, one answer at a time.
import {createServer} from "node:http";
import {basename} from "node:path";
import {getLlama, LlamaChatSession} from "node-llama-cpp";

const [file, port = "8000", threads = "1"] = process.argv.slice(2);
if (!file) throw new Error("usage: node local_model_server.mjs MODEL.gguf [port] [threads]");

const CONTEXT = 8192; // tokens; a question has up to 1,000, or 4,000 where each letter is one
// More threads than free cores wait for each other in a loop, and a question of a second takes minutes.
const llama = await getLlama({gpu: false, build: "never", maxThreads: Number(threads)});
const model = await llama.loadModel({modelPath: file});
const context = await model.createContext({contextSize: CONTEXT, threads: Number(threads)});
const sequence = context.getSequence();
const grammars = new Map(); // by schema: made once for each role

class Refused extends Error {}

function wanted({response_format: format = {type: "text"}, tools}) {
    if (tools) return tools[0].function.parameters;
    if (format.type === "json_schema") return format.json_schema.schema;
    if (format.type === "json_object") return format.schema ?? {type: "object", additionalProperties: true};
    if (format.type === "text") return null;
    throw new Refused(`unknown response_format '${format.type}'`);
}

async function grammar(schema) {
    const key = JSON.stringify(schema);
    if (!grammars.has(key)) grammars.set(key, await llama.createGrammarForJsonSchema(schema));
    return grammars.get(key);
}

function remembered({role, content}) {
    return role === "assistant" ? {type: "model", response: [content]} : {type: role, text: content};
}

function message(tools, text) {
    if (!tools) return {role: "assistant", content: text};
    const called = {id: "0", type: "function", function: {name: tools[0].function.name, arguments: text}};
    return {role: "assistant", content: null, tool_calls: [called]};
}

async function answered(asked) {
    const schema = wanted(asked);
    const longest = asked.max_tokens ?? 400;
    const size = asked.messages.reduce((sum, {content}) => sum + model.tokenize(content).length, 0);
    if (size + longest > CONTEXT) throw new Refused(`${size} tokens and ${longest} of an answer exceed ${CONTEXT}`);
    const session = new LlamaChatSession({contextSequence: sequence});
    try {
        const before = sequence.tokenMeter.usedOutputTokens;
        session.setChatHistory(asked.messages.slice(0, -1).map(remembered));
        const {responseText, stopReason} = await session.promptWithMeta(asked.messages.at(-1).content, {
            ...(schema && {grammar: await grammar(schema)}),
            maxTokens: longest,
            temperature: asked.temperature ?? 0,
            topP: asked.top_p ?? 1,
            seed: asked.seed ?? 0,
            repeatPenalty: false
        });
        const finish_reason = stopReason === "maxTokens" ? "length" : "stop";
        return {
            object: "chat.completion",
            model: basename(file),
            choices: [{index: 0, message: message(asked.tools, responseText), finish_reason}],
            usage: {prompt_tokens: size, completion_tokens: sequence.tokenMeter.usedOutputTokens - before}
        };
    } finally {
        session.dispose({disposeSequence: false});
    }
}

async function body(request) {
    request.setEncoding("utf8");
    let text = "";
    for await (const part of request) text += part;
    return JSON.parse(text);
}

let last = Promise.resolve();
createServer(async (request, response) => {
    const send = (status, told) => {
        response.writeHead(status, {"Content-Type": "application/json"});
        response.end(JSON.stringify(told));
    };
    if (request.method !== "POST" || request.url !== "/v1/chat/completions")
        return send(404, {error: {message: "only POST /v1/chat/completions"}});
    try {
        const asked = await body(request);
        const turn = last.then(() => answered(asked));
        last = turn.catch(() => {});
        send(200, await turn);
    } catch (fault) {
        const isTheirs = fault instanceof Refused || fault instanceof SyntaxError;
        send(isTheirs ? 400 : 500, {error: {message: fault.message}});
    }
}).listen(Number(port), "127.0.0.1", () => console.log(`${basename(file)} on http://127.0.0.1:${port}/v1`));
