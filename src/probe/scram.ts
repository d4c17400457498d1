import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const pbkdf2 = promisify(pbkdf2Callback);
/** A liar must not keep us busy. */
const mostIterations = 1_000_000;

export interface Scram {
  readonly first: string;
  /** The answer to the server's challenge; undefined: the challenge makes no sense. */
  answer(challenge: string): Promise<string | undefined>;
  /** Whether the server knows the password too. */
  verify(final: string): boolean;
}

/** SCRAM-SHA-256 without channel binding: RFC 5802, RFC 7677. PostgreSQL takes the user from the startup message. */
export function scram(password: string): Scram {
  const nonce = randomBytes(18).toString("base64");
  const bare = `n=,r=${nonce}`;
  let signature: Buffer | undefined;
  return {
    first: `n,,${bare}`,
    answer: async (challenge) => {
      const match = /^r=([^,]+),s=([^,]+),i=(\d{1,7})/.exec(challenge);
      const [, serverNonce = "", salt = "", rounds = "0"] = match ?? [];
      const iterations = Number(rounds);
      if (!serverNonce.startsWith(nonce) || iterations < 1 || iterations > mostIterations) return undefined;
      const normal = password.normalize("NFKC");
      const salted = await pbkdf2(normal, Buffer.from(salt, "base64"), iterations, 32, "sha256");
      const clientKey = hmac(salted, "Client Key");
      const withoutProof = `c=biws,r=${serverNonce}`;
      const message = `${bare},${challenge},${withoutProof}`;
      const clientSignature = hmac(createHash("sha256").update(clientKey).digest(), message);
      signature = hmac(hmac(salted, "Server Key"), message);
      const proof = clientKey.map((byte, index) => byte ^ (clientSignature[index] ?? 0));
      return `${withoutProof},p=${Buffer.from(proof).toString("base64")}`;
    },
    verify: (final) => {
      const said = Buffer.from(/^v=([^,]+)/.exec(final)?.[1] ?? "", "base64");
      return signature !== undefined && said.length === signature.length && timingSafeEqual(said, signature);
    },
  };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
