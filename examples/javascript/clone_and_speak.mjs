// Clones a voice from me.wav, then speaks with it: as a whole into hello.wav, as a stream into hello.mp3.
// Node 20 or newer, no packages:  MYNA_URL=http://127.0.0.1:8080 MYNA_API_KEY=... node clone_and_speak.mjs
import { readFile, writeFile } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import process from "node:process";

const { MYNA_URL: baseUrl, MYNA_API_KEY: key } = process.env;

async function post(path, body) {
  const reply = await fetch(`${baseUrl}${path}`, {
    method: "POST",
    headers: { Authorization: `Basic ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!reply.ok) {
    const { message } = await reply.json();
    throw new Error(`${reply.status} ${reply.headers.get("x-myna-error-code")}: ${message}`);
  }
  return reply;
}

/** The objects of a reply that has one JSON object a line, each as soon as its line is there. */
async function* linesOf(reply) {
  let rest = "";
  for await (const text of reply.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    yield* lines.filter(Boolean).map((line) => JSON.parse(line));
  }
}

async function clone(path, displayName) {
  const audioData = await readFile(path, "base64");
  const reply = await post("/voices/v1/voices:clone", { displayName, langCode: "AUTO", voiceSamples: [{ audioData }] });
  const { voice, audioSamplesValidated } = await reply.json();
  for (const sample of audioSamplesValidated) {
    console.log(sample.langCode, sample.transcription);
    for (const remark of [...sample.errors, ...sample.warnings]) console.log("-", remark.text);
  }
  if (!voice) throw new Error("The recording cannot be used.");
  return voice.voiceId;
}

async function speak(voiceId, text, path) {
  const reply = await post("/tts/v1/voice", {
    text,
    voiceId,
    modelId: "inworld-tts-1.5-max",
    audioConfig: { audioEncoding: "WAV", sampleRateHertz: 24000 },
  });
  const { audioContent } = await reply.json();
  await writeFile(path, audioContent, "base64");
}

async function stream(voiceId, text, path) {
  const reply = await post("/tts/v1/voice:stream", {
    text,
    voiceId,
    modelId: "inworld-tts-1.5-mini",
    audioConfig: { audioEncoding: "MP3" },
  });
  const file = createWriteStream(path);
  for await (const { result, error } of linesOf(reply)) {
    if (error) throw new Error(error.message); // something broke after the first sound
    if (!file.write(Buffer.from(result.audioContent, "base64"))) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

const voiceId = await clone("me.wav", "Me");
console.log(voiceId);
await speak(voiceId, "Hello, this is my copy speaking.", "hello.wav");
await stream(voiceId, "Hello, this is my copy speaking, and you hear it while I still speak.", "hello.mp3");
