// The page: asks, listens, shows. It uses three routes: /v1/audio/voices, /v1/audio/speech, /health.

import { Player } from "./player.js";
import { Waveform } from "./waveform.js";

const $ = (id) => document.getElementById(id);
const EXAMPLES = {
  zh: "今天是2024年7月16日，气温35.5℃，适合在家里听书。",
  en: "Good morning. The 3rd meeting starts at 9:30 and takes 45 minutes.",
  ja: "おはようございます。今日はとてもいい天気ですね。",
  ko: "안녕하세요. 오늘 회의는 오후 세 시에 시작합니다.",
  yue: "早晨，你食咗早餐未呀？我哋一齊去飲茶啦。",
};
const CALM_MS = 5000, BUSY_MS = 1000; // between looks at the queue

const player = new Player(() => show());
const waveform = new Waveform($("wave"));
let running = null; // AbortController of the request on its way
let spoken = null; // what was asked last: the body of the request, its seed decided

// --- what is asked -----------------------------------------------------------------------------

function asked() {
  const body = {
    model: "tts-1",
    input: $("text").value,
    voice: $("voice").value,
    speed: Number($("speed").value),
    language: $("language").value,
  };
  if ($("emotion").value) body.emotion = $("emotion").value;
  return body;
}

async function request(body, signal) {
  const answer = await fetch("v1/audio/speech", {
    method: "POST",
    headers: { ...credentials(), "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (answer.status === 401) unlock();
  if (!answer.ok) throw new Error(await reason(answer));
  return answer;
}

function credentials() {
  const key = $("key").value;
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Ask for a key: only a server that wants one shows that there are any. */
function unlock() {
  $("lock").hidden = false;
  $("key").select();
}

async function reason(answer) {
  const told = await answer.json().catch(() => null);
  const message = told?.error?.message ?? `The server answered ${answer.status}.`;
  const wait = answer.headers.get("Retry-After");
  return wait ? `${message} Try again in ${wait} s.` : message;
}

async function speak() {
  if (running) return running.abort();
  if (!$("text").value.trim()) return $("text").focus();
  const started = performance.now();
  const live = $("live").checked;
  running = new AbortController();
  begin();
  try {
    const body = asked();
    const answer = await request({ ...body, response_format: "pcm", stream: live }, running.signal);
    const seed = answer.headers.get("X-Seed");
    spoken = seed === null ? body : { ...body, seed: Number(seed) };
    player.clear(Number(answer.headers.get("X-Sample-Rate") ?? 24000));
    const first = await listen(answer, live);
    player.finish();
    if (!live) player.play();
    tell(answer, (first - started) / 1000, (performance.now() - started) / 1000);
  } catch (error) {
    player.finish();
    if (error.name !== "AbortError") fail(error);
  } finally {
    running = null;
    show();
  }
}

/** Feed the player; when the first sound came, in milliseconds of the page's clock. */
async function listen(answer, live) {
  const reader = answer.body.getReader();
  let first = null;
  let odd = new Uint8Array(0); // half a sample
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    first ??= performance.now();
    const bytes = new Uint8Array(odd.length + value.length);
    bytes.set(odd);
    bytes.set(value, odd.length);
    odd = bytes.slice(bytes.length - (bytes.length % 2));
    player.append(decode(bytes, (bytes.length - odd.length) / 2));
    if (live) player.play();
  }
  return first ?? performance.now();
}

function decode(bytes, n) {
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: n }, (_, i) => view.getInt16(2 * i, true) / 32768);
}

// --- what is kept ------------------------------------------------------------------------------

async function save() {
  const format = $("format").value;
  $("save").disabled = true;
  $("save").textContent = "Encoding";
  try {
    const body = { ...spoken, response_format: format, stream: false };
    const content = format === "wav" ? wave() : await (await request(body)).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = `speech.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } catch (error) {
    fail(error);
  }
  $("save").textContent = "Download";
  show();
}

/** What was heard, as a file. */
function wave() {
  const header = new DataView(new ArrayBuffer(44));
  const size = 2 * player.length;
  const text = (at, word) => [...word].forEach((c, i) => header.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF"); header.setUint32(4, 36 + size, true); text(8, "WAVEfmt ");
  header.setUint32(16, 16, true); header.setUint16(20, 1, true); header.setUint16(22, 1, true);
  header.setUint32(24, player.rate, true); header.setUint32(28, 2 * player.rate, true);
  header.setUint16(32, 2, true); header.setUint16(34, 16, true);
  text(36, "data"); header.setUint32(40, size, true);
  const samples = player.parts.map((part) => Int16Array.from(part, (x) => x * 32768));
  return new Blob([header, ...samples], { type: "audio/wav" });
}

// --- what is shown -----------------------------------------------------------------------------

function begin() {
  $("error").hidden = true;
  $("result").hidden = false;
  $("facts").textContent = "waiting for the first sound";
  player.clear(24000);
  spoken = null;
  show();
}

function fail(error) {
  const gone = error instanceof TypeError;
  $("error").textContent = gone ? "The server can’t be reached." : error.message;
  $("error").hidden = false;
  if (!player.length) $("result").hidden = true;
}

function tell(answer, first, total) {
  const queue = /queue;dur=([\d.]+)/.exec(answer.headers.get("Server-Timing") ?? "");
  const facts = [
    `${player.duration.toFixed(1)} s of speech`,
    `first sound ${first.toFixed(1)} s`,
    `RTF ${(total / player.duration).toFixed(2)}`,
  ];
  if (queue && queue[1] >= 100) facts.push(`queued ${(queue[1] / 1000).toFixed(1)} s`);
  if (answer.headers.get("X-Cache") === "hit") facts.push("from the cache");
  $("facts").textContent = facts.join(" · ");
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function show() {
  $("speak").textContent = running ? "Stop" : "Speak";
  $("speak").toggleAttribute("data-stop", running !== null);
  $("result").setAttribute("aria-busy", String(running !== null && !player.length));
  $("play").disabled = !player.length;
  $("play").toggleAttribute("data-playing", player.playing);
  $("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
  $("save").disabled = running !== null || !player.length || !spoken;
  $("clock").textContent = `${clock(player.position)} / ${clock(player.duration)}`;
  $("wave").setAttribute("aria-valuemax", player.duration.toFixed(1));
  $("wave").setAttribute("aria-valuenow", player.position.toFixed(1));
  $("wave").setAttribute("aria-valuetext", $("clock").textContent);
  if (!$("result").hidden) waveform.draw(player);
}

function follow() {
  if (player.playing) show();
  requestAnimationFrame(follow);
}

// --- the server --------------------------------------------------------------------------------

async function voices() {
  const answer = await fetch("v1/audio/voices", { headers: credentials() });
  if (!answer.ok) throw new Error(await reason(answer));
  const options = (await answer.json()).voices.map(({ id, name, language }) => {
    const label = language ? `${name} (${language})` : name;
    const option = new Option(label, id);
    option.dataset.language = language ?? "";
    return option;
  });
  $("voice").replaceChildren(...options);
  $("voice").disabled = false;
}

/** Choose a voice that speaks the language, unless the chosen one does or there is none. */
function atHome(language) {
  const fits = (option) => option.dataset.language === language;
  const chosen = $("voice").selectedOptions[0];
  const found = [...$("voice").options].find(fits);
  if (found && !(chosen && fits(chosen))) $("voice").value = found.value;
}

/** The emotions that the model has learnt; all, if it follows instructions or does not tell. */
function feel(capabilities) {
  const all = capabilities?.includes("instruct") ?? true;
  let can = false;
  for (const option of $("emotion").options) {
    if (!option.value) continue;
    option.hidden = option.disabled = !(all || capabilities.includes(`emotion:${option.value}`));
    can ||= !option.disabled;
    if (option.selected && option.disabled) $("emotion").value = "";
  }
  $("emotion").disabled = !can;
  $("emotion").title = can ? "" : "This model speaks in one manner.";
}

async function look() {
  let state = "down", words = "unreachable";
  try {
    const health = await (await fetch("health", { headers: credentials() })).json();
    const { depth, capacity } = health.queue;
    state = health.status === "healthy" && depth < capacity ? (depth ? "busy" : "ready") : "busy";
    words = depth ? `${depth} of ${capacity} in the queue` : "ready";
    if (health.status !== "healthy") words = health.status;
    feel(health.model?.capabilities);
    if ($("voice").disabled) await voices().catch(fail);
  } catch {
    // said below; the next look may find it again
  }
  if ($("status").dataset.state !== state) $("status").dataset.state = state;
  if ($("status").lastChild.textContent !== words) $("status").lastChild.textContent = words;
  setTimeout(look, running ? BUSY_MS : CALM_MS);
}

// --- wiring ------------------------------------------------------------------------------------

function counted() {
  const n = [...$("text").value].length;
  $("count").textContent = n < 3000 ? n : `${n} / 4096`; // a limit is news when it is near
}

function pointed(event) {
  const box = $("wave").getBoundingClientRect();
  player.seek(((event.clientX - box.left) / box.width) * player.duration);
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  speak();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
  if (event.key === "Escape") running ? running.abort() : player.pause();
});
$("text").addEventListener("input", counted);
$("speed").addEventListener("input", () => {
  $("pace").textContent = `${Number($("speed").value).toFixed(2)}×`;
});
$("examples").addEventListener("click", ({ target }) => {
  if (!target.dataset.language) return;
  $("text").value = EXAMPLES[target.dataset.language];
  atHome(target.dataset.language);
  counted();
  $("text").focus();
});
$("play").addEventListener("click", () => (player.playing ? player.pause() : player.play()));
$("save").addEventListener("click", save);
$("wave").addEventListener("pointerdown", (event) => {
  $("wave").setPointerCapture(event.pointerId);
  pointed(event);
});
$("wave").addEventListener("pointermove", (event) => {
  if ($("wave").hasPointerCapture(event.pointerId)) pointed(event);
});
$("wave").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1, PageUp: 5, PageDown: -5 }[event.key];
  const place = { Home: 0, End: player.duration }[event.key] ?? player.position + step;
  if (event.key === " ") $("play").click();
  else if (Number.isFinite(place)) player.seek(place);
  else return;
  event.preventDefault();
});
new ResizeObserver(show).observe($("wave"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

counted();
look();
follow();
