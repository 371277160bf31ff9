/** IPv4 and IPv6 literals as numbers. */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6_GROUP = /^[0-9a-f]{1,4}$/i;

/** Undefined for anything but a complete literal; IPv6 with an IPv4 tail and zone names are not read. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (IPV4.test(text)) {
    const bytes = text.split('.').map(Number);
    if (bytes.some((byte) => byte > 255)) return undefined;
    return { bits: 32, value: bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) };
  }
  const halves = text.split('::');
  if (!text.includes(':') || halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => IPV6_GROUP.test(group))) return undefined;
  return { bits: 128, value: groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n) };
}
