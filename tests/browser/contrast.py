"""JavaScript functions for the contrast of colours on a page."""

COLOURS = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = colour => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map(v => v / 255).map(
    v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
"""
"""`rgba` gives the channels of any CSS colour, and `light` its relative luminance by WCAG, 0..1."""

SETTLED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  const short = document.getAnimations().filter(
    one => one.effect.getComputedTiming().endTime < 1000);
  Promise.allSettled(short.map(one => one.finished)).then(() => done(null));
})))"""
"""Resolves two frames later, when every short transition has ended: colours are the final ones."""
