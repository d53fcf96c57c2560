// Plays sound that may still be arriving: pieces are put one behind the other on the audio clock.

const AHEAD_S = 0.06; // between asking and hearing, so that the first samples are not late

export class Player {
  /** @param {() => void} changed called when it starts, stops, or has more to play */
  constructor(changed) {
    this.changed = changed;
    this.clear(24000);
  }

  /** Forget the sound; what comes next has this rate in Hz. */
  clear(rate) {
    this.stop();
    this.rate = rate;
    this.parts = []; // Float32Array each
    this.length = 0; // samples there are
    this.complete = false;
    this.at = 0; // sample to go on from
  }

  get duration() { return this.length / this.rate; }
  get playing() { return this.heard !== null; }

  /** Seconds into the sound. */
  get position() {
    if (!this.playing) return this.at / this.rate;
    const now = this.context.currentTime;
    const piece = this.heard.findLast((p) => p.time <= now) ?? this.heard[0];
    if (!piece) return this.at / this.rate;
    return Math.min(piece.start + Math.max(0, now - piece.time), piece.end);
  }

  append(samples) {
    this.parts.push(samples);
    this.length += samples.length;
    if (this.playing) this.#schedule(samples, this.length - samples.length);
    this.changed();
  }

  /** No more will come. */
  finish() {
    this.complete = true;
    if (this.playing) this.#stopAtEnd();
    this.changed();
  }

  play() {
    if (this.playing || !this.length) return;
    this.context ??= new AudioContext();
    this.context.resume();
    if (this.complete && this.at >= this.length) this.at = 0;
    this.heard = [];
    this.next = this.context.currentTime + AHEAD_S;
    let start = 0;
    for (const part of this.parts) {
      const skipped = Math.min(part.length, Math.max(0, this.at - start));
      if (skipped < part.length) this.#schedule(part.subarray(skipped), start + skipped);
      start += part.length;
    }
    if (this.complete) this.#stopAtEnd();
    this.changed();
  }

  pause() {
    const position = this.position;
    this.stop();
    this.at = Math.round(position * this.rate);
    this.changed();
  }

  /** Go on from another place. */
  seek(seconds) {
    const playing = this.playing;
    this.stop();
    this.at = Math.round(Math.min(Math.max(seconds, 0), this.duration) * this.rate);
    if (playing) this.play();
    this.changed();
  }

  stop() {
    for (const { source } of this.heard ?? []) {
      source.onended = null;
      source.stop();
    }
    this.heard = null; // pieces on the clock: {source, time, start, end}
  }

  #schedule(samples, start) {
    if (!samples.length) return;
    const buffer = this.context.createBuffer(1, samples.length, this.rate);
    buffer.copyToChannel(samples, 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    const time = Math.max(this.next, this.context.currentTime + 0.01); // it came late: a short gap
    source.start(time);
    this.next = time + buffer.duration;
    this.heard.push({ source, time, start: start / this.rate, end: start / this.rate + buffer.duration });
  }

  #stopAtEnd() {
    const last = this.heard.at(-1);
    const end = () => {
      this.stop();
      this.at = this.length;
      this.changed();
    };
    if (last && this.next > this.context.currentTime) last.source.onended = end;
    else end();
  }
}
