// Draws sound as bars, the part that was heard in the accent colour.

const BAR = 3, GAP = 2; // CSS pixels

/** Highest magnitude in each of n equal stretches of the parts. */
function peaks(parts, length, n) {
  const result = new Float32Array(n);
  let at = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++, at++) {
      const bar = Math.floor((at * n) / length);
      const size = Math.abs(part[i]);
      if (size > result[bar]) result[bar] = size;
    }
  }
  return result;
}

export class Waveform {
  constructor(canvas) {
    this.canvas = canvas;
    this.drawn = { length: -1, n: 0, peaks: null };
  }

  draw(player) {
    const { canvas } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const n = Math.max(1, Math.floor((width + GAP) / (BAR + GAP)));
    const bars = this.#peaks(player, n);
    const loudest = bars.reduce((a, b) => Math.max(a, b), 0.05);
    const style = getComputedStyle(canvas);
    const heard = player.duration ? (player.position / player.duration) * n : 0;
    for (let i = 0; i < n; i++) {
      const size = Math.max(BAR, (bars[i] / loudest) ** 0.8 * (height - 4));
      pen.fillStyle = style.getPropertyValue(i < heard ? "--accent" : "--wave");
      pen.beginPath();
      pen.roundRect(i * (BAR + GAP), (height - size) / 2, BAR, size, BAR / 2);
      pen.fill();
    }
  }

  #peaks(player, n) {
    const { drawn } = this;
    if (drawn.length !== player.length || drawn.n !== n || drawn.parts !== player.parts) {
      this.drawn = { length: player.length, n, parts: player.parts, peaks: peaks(player.parts, player.length, n) };
    }
    return this.drawn.peaks;
  }
}
