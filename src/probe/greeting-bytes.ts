/** A big-endian 32-bit length at `at`, and the body that it announces; "stranger": no such length is possible. */
export function frame(received: Buffer, at: number, longestBytes: number): Buffer | "stranger" | undefined {
  if (received.length < at + 4) return undefined;
  const length = received.readInt32BE(at);
  if (length < 0 || length > longestBytes) return "stranger";
  return received.length < at + 4 + length ? undefined : received.subarray(at + 4, at + 4 + length);
}

/** ApiVersions (18), version 0, correlation id, client id "rollcall". */
export const kafkaRequest: Buffer = Buffer.concat([
  Buffer.from([0, 0, 0, 18, 0, 18, 0, 0, 0x72, 0x6f, 0x6c, 0x6c, 0, 8]),
  Buffer.from("rollcall"),
]);

/** OP_MSG of { hello: 1, $db: "admin" }. */
export const mongoHello: Buffer = ((): Buffer => {
  const elements = Buffer.concat([
    Buffer.from("\x10hello\0\x01\0\0\0", "latin1"),
    Buffer.from("\x02$db\0\x06\0\0\0admin\0", "latin1"),
  ]);
  const document = Buffer.concat([int32(elements.length + 5), elements, Buffer.from([0])]);
  const opMsg = 2013;
  const body = Buffer.concat([int32(1), int32(0), int32(opMsg), int32(0), Buffer.from([0]), document]);
  return Buffer.concat([int32(body.length + 4), body]);
})();

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
