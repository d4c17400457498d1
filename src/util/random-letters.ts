import { randomBytes } from "node:crypto";

const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/** 5 random bits a letter. */
export function randomLetters(count: number): string {
  return Array.from(randomBytes(count), (byte) => base32[byte % 32]).join("");
}
