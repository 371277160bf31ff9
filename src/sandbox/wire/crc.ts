/** CRC-32C (Castagnoli), reflected; the final value as an unsigned integer. */
export function crc32c(bytes: Uint8Array): number {
  const table = crc32cTable();
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** CRC-64/NVME, reflected; eight bytes, most significant first. */
export function crc64nvme(bytes: Uint8Array): Buffer {
  const { high: tableHigh, low: tableLow } = crc64Table();
  // Two 32-bit halves: BigInt arithmetic for every byte would be some fifty times slower.
  let high = 0xffffffff;
  let low = 0xffffffff;
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (tableLow[index] ?? 0);
    high = (high >>> 8) ^ (tableHigh[index] ?? 0);
  }
  const out = Buffer.alloc(8);
  out.writeUInt32BE(~high >>> 0, 0);
  out.writeUInt32BE(~low >>> 0, 4);
  return out;
}

let table32: Uint32Array | undefined;
let table64: { readonly high: Uint32Array; readonly low: Uint32Array } | undefined;

function crc32cTable(): Uint32Array {
  return (table32 ??= Uint32Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    return crc >>> 0;
  }));
}

function crc64Table(): { readonly high: Uint32Array; readonly low: Uint32Array } {
  if (table64 !== undefined) return table64;
  const entries = Array.from({ length: 256 }, (_, index) => {
    let crc = BigInt(index);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
    return crc;
  });
  table64 = {
    high: Uint32Array.from(entries, (crc) => Number(crc >> 32n)),
    low: Uint32Array.from(entries, (crc) => Number(crc & 0xffffffffn)),
  };
  return table64;
}
