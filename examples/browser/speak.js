// Speaks in a page that never sees a key: each request and each socket has a token of its own from our server.
const RATE_HZ = 24000;
const FORMAT = { audioEncoding: "PCM", sampleRateHertz: RATE_HZ };
const VOICE = { voiceId: "Dennis", modelId: "inworld-tts-1.5-max" };

/** Where Myna is, and a token that opens one request there. */
async function askForToken() {
  const reply = await fetch("token", { method: "POST" });
  if (!reply.ok) throw new Error("No token: is the server of this page allowed to ask?");
  return reply.json();
}

/** Plays pieces of 16-bit samples one after another; tells how many seconds there were. */
class Player {
  #audio = new AudioContext({ sampleRate: RATE_HZ });
  #endsAt = 0;
  seconds = 0;

  play(base64) {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    if (!bytes.length) return;
    const samples = Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32768);
    const buffer = this.#audio.createBuffer(1, samples.length, RATE_HZ);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.#audio, { buffer });
    source.connect(this.#audio.destination);
    this.#endsAt = Math.max(this.#endsAt, this.#audio.currentTime);
    source.start(this.#endsAt);
    this.#endsAt += buffer.duration;
    this.seconds += buffer.duration;
  }
}

/** `POST /tts/v1/voice:stream`, the token in the header: one JSON object a line. */
async function speakOverHttp(text, player) {
  const { url, token } = await askForToken();
  const reply = await fetch(`${url}/tts/v1/voice:stream`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ text, ...VOICE, audioConfig: FORMAT }),
  });
  if (!reply.ok) throw new Error((await reply.json()).message);
  let rest = "";
  for await (const piece of reply.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const { result, error } = JSON.parse(line);
      if (error) throw new Error(error.message);
      player.play(result.audioContent);
    }
  }
}

/** The socket. A browser cannot set its headers, so the token travels as a subprotocol. */
async function speakOverSocket(text, player) {
  const { url, token } = await askForToken();
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/tts/v1/voice:streamBidirectional`, `bearer_${token}`);
  await new Promise((resolve, reject) => {
    socket.onopen = () => {
      const contextId = "page";
      socket.send(JSON.stringify({ contextId, create: { ...VOICE, audioConfig: FORMAT } }));
      socket.send(JSON.stringify({ contextId, send_text: { text } }));
      socket.send(JSON.stringify({ contextId, close_context: {} }));
    };
    socket.onmessage = ({ data }) => {
      const { result, error } = JSON.parse(data);
      if (error) reject(new Error(error.message));
      else if (result.audioChunk) player.play(result.audioChunk.audioContent);
      else if (result.contextClosed) resolve();
    };
    socket.onclose = () => reject(new Error("The socket closed."));
  }).finally(() => socket.close());
}

for (const [id, speak] of Object.entries({ stream: speakOverHttp, socket: speakOverSocket })) {
  document.getElementById(id).addEventListener("click", async () => {
    const told = document.getElementById("told");
    told.value = "...";
    const player = new Player();
    try {
      await speak(document.getElementById("text").value, player);
      told.value = `${player.seconds.toFixed(1)} s of speech`;
    } catch (error) {
      told.value = error.message;
    }
  });
}
