// The wall clock of this process jumps: an hour forward, then a day back.
const now = Date.now;
let shiftMs = 0;
Date.now = () => now() + shiftMs;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [now() + shiftMs] : args));
  }
};
setTimeout(() => {
  shiftMs = 3_600_000;
}, 600).unref();
setTimeout(() => {
  shiftMs = -86_400_000;
}, 1500).unref();
