// The stock JavaScript SDK against the server in INWORLD_BASE_URL; run by test_stock_clients_inworld_js.py.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { ApiError, InworldTTS } from "@inworld/tts";

const SENTENCES = "The tide was low. Two boats lay on the sand. Nobody was about at that hour.";
const EXPECTED_S = 0.06 * SENTENCES.length;
const recording = process.env.RECORDING;
const tts = InworldTTS({ maxRetries: 0 }); // key and URL come from the environment

const isNear = (actual, expected, within, what) =>
  assert.ok(Math.abs(actual - expected) <= within, `${what}: ${actual} s, expected ${expected} s`);
const pcmSeconds = (bytes, rate) => bytes.length / 2 / rate;
const join = (pieces) => Buffer.concat(pieces);
const refusal = (code) => (error) => error instanceof ApiError && error.code === code && error.message.length > 0;

const scenes = {
  async "voices are listed and filtered"() {
    const all = await tts.listVoices();
    assert.ok(all.some((voice) => voice.voiceId === "Dennis"));
    const some = await tts.listVoices({ lang: ["EN_US", "ES_ES"] });
    assert.ok(some.every((voice) => ["EN_US", "ES_ES"].includes(voice.langCode)));
  },

  async "a clone is made, shown, changed, heard and deleted"() {
    const { voice, audioSamplesValidated } = await tts.cloneVoice({
      audioSamples: [recording, await readFile(recording)],
      displayName: "My Demo!",
      description: "d",
      tags: ["demo"],
    });
    assert.match(voice.voiceId, /^[^/]+__[a-z0-9_-]+_\d{8}_\d{6}z$/);
    assert.equal(audioSamplesValidated.length, 2);
    assert.equal((await tts.getVoice(voice.voiceId)).displayName, "My Demo!");
    await tts.updateVoice({ voice: voice.voiceId, displayName: "N", tags: [] });
    const changed = await tts.getVoice(voice.voiceId);
    assert.deepEqual([changed.displayName, changed.tags, changed.description], ["N", [], "d"]);
    assert.ok((await tts.generate({ text: "Hello.", voice: voice.voiceId })).length > 1000);
    await tts.deleteVoice(voice.voiceId);
    await assert.rejects(tts.getVoice(voice.voiceId), refusal(404));
    await assert.rejects(tts.generate({ text: "Hello.", voice: voice.voiceId }), refusal(404));
  },

  async "every encoding is what it is called"() {
    const magics = { MP3: null, OGG_OPUS: "OggS", FLAC: "fLaC", LINEAR16: "RIFF", WAV: "RIFF", PCM: null, ALAW: null, MULAW: null };
    for (const [encoding, magic] of Object.entries(magics)) {
      const audio = Buffer.from(await tts.generate({ text: SENTENCES, voice: "Dennis", encoding }));
      if (magic) assert.equal(audio.toString("latin1", 0, 4), magic, encoding);
      if (encoding === "PCM") isNear(pcmSeconds(audio, 48000), EXPECTED_S, 0.2, encoding);
      if (encoding.endsWith("LAW")) isNear(audio.length / 8000, EXPECTED_S, 0.2, encoding);
    }
  },

  async "long text is cut and joined into one WAV"() {
    const audio = Buffer.from(
      await tts.generate({ text: (SENTENCES + " ").repeat(30), voice: "Dennis", encoding: "WAV", sampleRate: 8000 }),
    );
    assert.equal(audio.readUInt32LE(40), audio.length - 44);
    assert.ok(pcmSeconds(audio.subarray(44), 8000) > 29 * EXPECTED_S);
  },

  async "a stream has pieces and headers as documented"() {
    for (const encoding of ["MP3", "OGG_OPUS", "FLAC", "PCM", "WAV", "LINEAR16"]) {
      const pieces = [];
      for await (const piece of tts.stream({ text: SENTENCES, voice: "Dennis", encoding, sampleRate: 24000 }))
        pieces.push(Buffer.from(piece));
      assert.ok(pieces.length > 1 && pieces.every((piece) => piece.length > 0), encoding);
      if (encoding === "PCM") isNear(pcmSeconds(join(pieces), 24000), EXPECTED_S, 0.2, encoding);
    }
  },

  async "timestamps are the text, in order, within the audio"() {
    for (const timestampType of ["WORD", "CHARACTER"]) {
      const options = { text: SENTENCES, voice: "Dennis", encoding: "PCM", sampleRate: 24000, timestampType };
      const { audio, timestamps } = await tts.generateWithTimestamps(options);
      const { words, characters, ...times } = timestamps.wordAlignment ?? timestamps.characterAlignment;
      assert.equal((words ?? characters).join(""), SENTENCES);
      const ends = times.wordEndTimeSeconds ?? times.characterEndTimeSeconds;
      assert.ok(ends.at(-1) <= pcmSeconds(audio, 24000) + 0.1);
      let joined = "";
      for await (const { timestamps: part } of tts.streamWithTimestamps(options)) {
        const alignment = part?.wordAlignment ?? part?.characterAlignment;
        if (alignment) joined += (alignment.words ?? alignment.characters).join("");
      }
      assert.equal(joined, SENTENCES);
    }
  },

  async "a description becomes drafts, and one of them a voice"() {
    const { previewVoices } = await tts.designVoice({
      designPrompt: "A warm, friendly old man who narrates slowly and clearly",
      previewText: "Good morning, and welcome to the harbour tour. Please mind your step.",
      numberOfSamples: 2,
    });
    assert.equal(previewVoices.length, 2);
    const { voiceId } = await tts.publishVoice({ voice: previewVoices[0].voiceId, displayName: "Guide" });
    assert.equal(voiceId, previewVoices[0].voiceId);
    assert.ok((await tts.listVoices()).some((voice) => voice.voiceId === voiceId));
    await tts.deleteVoice(voiceId);
  },

  async "a page with a token does what its key may"() {
    const made = await fetch(`${process.env.INWORLD_BASE_URL}/v1/sessionTokens/token:generate`, {
      method: "POST",
      headers: { Authorization: `Basic ${process.env.INWORLD_API_KEY}` },
      body: JSON.stringify({ scopes: ["speak"] }),
    });
    const { token } = await made.json();
    const page = InworldTTS({ token, maxRetries: 0 });
    const audio = await page.generate({ text: SENTENCES, voice: "Dennis", encoding: "PCM", sampleRate: 24000 });
    isNear(pcmSeconds(audio, 24000), EXPECTED_S, 0.2, "token");
    await assert.rejects(page.listVoices(), refusal(403));
  },

  async "refusals are its own errors"() {
    await assert.rejects(tts.generate({ text: "Hello.", voice: "NoSuch" }), refusal(404));
    await assert.rejects(tts.generate({ text: "Hello.", voice: "Dennis", model: "nope" }), refusal(400));
    await assert.rejects(tts.cloneVoice({ audioSamples: [Buffer.from("this is no audio")] }), refusal(400));
    await assert.rejects(InworldTTS({ apiKey: "wrong", maxRetries: 0 }).listVoices(), refusal(403));
    await assert.rejects(async () => {
      for await (const _ of tts.stream({ text: "Hello.", voice: "NoSuch" }));
    }, refusal(404));
  },
};

let numFailed = 0;
for (const [name, scene] of Object.entries(scenes)) {
  try {
    await scene();
    console.log(`ok      ${name}`);
  } catch (error) {
    numFailed += 1;
    console.log(`FAILED  ${name}: ${error.stack}`);
  }
}
process.exit(numFailed ? 1 : 0);
