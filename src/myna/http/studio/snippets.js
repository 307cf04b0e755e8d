/** Code that speaks with a voice, ready to paste. The key is read from the environment and never copied along. */

const TEXT = 'Hello from my new voice.';
const MODEL_ID = 'inworld-tts-1.5-max';

export function curlOf(base, voiceId) {
  const body = JSON.stringify({ text: TEXT, voiceId, modelId: MODEL_ID, audioConfig: { audioEncoding: 'MP3' } });
  return [
    `curl -s ${quote(new URL('tts/v1/voice', base).href)} \\`,
    '  -H "Authorization: Basic $MYNA_API_KEY" \\',
    "  -H 'Content-Type: application/json' \\",
    `  -d ${quote(body)} \\`,
    '  | python3 -c \'import sys,json,base64; sys.stdout.buffer.write(base64.b64decode(json.load(sys.stdin)["audioContent"]))\' > speech.mp3',
    '',
  ].join('\n');
}

export function pythonOf(base, voiceId) {
  return [
    '# pip install inworld-tts',
    'import os',
    'from pathlib import Path',
    '',
    'from inworld_tts import InworldTTS',
    '',
    `tts = InworldTTS(api_key=os.environ["MYNA_API_KEY"], base_url=${JSON.stringify(base.href.replace(/\/$/, ''))})`,
    `audio = tts.generate(${JSON.stringify(TEXT)}, voice=${JSON.stringify(voiceId)}, encoding="MP3")`,
    'Path("speech.mp3").write_bytes(audio)',
    '',
  ].join('\n');
}

/** Single quotes of a shell. */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
