/**
 * Takes apart the engines' frames: 8 bytes of header (stream, 0, 0, 0, length as 32 bits), then as many bytes. Frames
 * and even headers may be split over chunks. Both streams come out as one, in the engine's order.
 */
export function createDemultiplexer(): (chunk: Buffer) => Buffer {
  let rest: Buffer = Buffer.alloc(0);
  let missing = 0;
  return (chunk) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const payloads: Buffer[] = [];
    let at = 0;
    while (at < data.length) {
      if (missing === 0) {
        if (data.length - at < 8) break;
        missing = data.readUInt32BE(at + 4);
        at += 8;
        continue;
      }
      const payload = data.subarray(at, at + missing);
      payloads.push(payload);
      missing -= payload.length;
      at += payload.length;
    }
    rest = data.subarray(at);
    return Buffer.concat(payloads);
  };
}
