// An S3 event of about 900 characters as Python's `print(event)` writes it, read by the parser that `tail` and `watch` use, against
// JSON.parse of the same event as JSON: CPU time in one process, by turns. `print(json.dumps(event))` is JSON, so both notations
// stand in real logs. The parser is TypeScript: esbuild makes a script of it, with the settings that matter of the build.
import { deepStrictEqual } from 'node:assert';
import { join } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median, rounded } from './support/figures.js';
import { inFolder } from './support/processes.js';

const ROUNDS = 31;
const EVENTS = 2000;
const PASSES = 3;
const source = fileURLToPath(new URL('../src/core/literal.ts', import.meta.url));

/** Printed by CPython 3.11. KEY, SIZE and the rest in capitals stand for what differs between events. */
const PRINTED =
  "{'Records': [{'eventVersion': '2.6', 'eventSource': 'aws:s3', 'awsRegion': 'us-east-1', 'eventTime': 'TIME', 'eventName': 'ObjectCreated:Put', 'userIdentity': {'principalId': 'AWS:AROAEXAMPLEROLEID0001:uploader-session'}, 'requestParameters': {'sourceIPAddress': '192.0.2.10'}, 'responseElements': {'x-amz-request-id': 'REQUEST', 'x-amz-id-2': 'b0Yx3uPq7sKd9LwZ2mVn5tRc8fHg1jAe4oNi6kUyTgBvCxMqWzErb0Yx3uPq7sKd9LwZ2mVn5tRc'}, 's3': {'s3SchemaVersion': '1.0', 'configurationId': 'uploads-created', 'bucket': {'name': 'example-bucket', 'ownerIdentity': {'principalId': 'A1EXAMPLEOWNER'}, 'arn': 'arn:aws:s3:::example-bucket'}, 'object': {'key': 'KEY', 'size': SIZE, 'eTag': 'ETAG', 'versionId': '3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH', 'sequencer': 'SEQUENCER'}}}]}";

export const run = () =>
  inFolder(async (folder) => {
    const { parseLiteral } = await parser(folder);
    const python = Array.from({ length: EVENTS }, (_, i) => flat(printed(i)));
    const json = python.map((text) => flat(JSON.stringify(parseLiteral(text, 0).value)));
    for (const [i, text] of python.entries()) {
      deepStrictEqual(parseLiteral(text, 0), { value: JSON.parse(json[i]), end: text.length });
      deepStrictEqual(JSON.parse(json[i]), JSON.parse(text.replaceAll("'", '"')));
    }
    const list = (first, size) => flat(`[${python.slice(first, first + size).join(', ')}]`);
    const tens = Array.from({ length: EVENTS / 10 }, (_, i) => list(i * 10, 10));
    const hundreds = Array.from({ length: EVENTS / 100 }, (_, i) => list(i * 100, 100));
    const readOurs = (text) => parseLiteral(text, 0);
    const [parsed, read, ten, hundred] = byTurns([
      () => readAll(json, JSON.parse),
      () => readAll(python, readOurs),
      () => readAll(tens, readOurs),
      () => readAll(hundreds, readOurs),
    ]);
    const us = (values) => `${rounded((median(values) / PASSES / EVENTS) * 1000)} us`;
    const size = Math.round(python.reduce((sum, text) => sum + text.length, 0) / EVENTS);
    return [
      {
        what: "speed of reading Python's repr / `JSON.parse` of the same event as JSON",
        values: parsed.map((time, round) => time / read[round]),
        unit: 'x',
        more: true,
        gate: 0.45,
        aim: 0.55,
        detail: `CPU ${us(read)} / ${us(parsed)} an event of ${size} characters`,
      },
      ...[
        [10, ten],
        [100, hundred],
      ].map(([times, own]) => ({
        what: `time of a text ${times}x as long / ${times} / time of one event`,
        values: own.map((time, round) => time / read[round]),
        unit: 'x',
        detail: `CPU ${us(own)} / ${us(read)} an event`,
      })),
    ];
  });

async function parser(folder) {
  const outfile = join(folder, 'literal.mjs');
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'node20',
  });
  return import(pathToFileURL(outfile).href);
}

function printed(i) {
  const hex = (number, length) => number.toString(16).padStart(length, '0');
  const mixed = Math.imul(i + 1, 0x9e3779b1) >>> 0;
  return PRINTED.replace('TIME', new Date(Date.UTC(2026, 9, 5, 9, 15) + i * 417).toISOString())
    .replace('REQUEST', mixed.toString(36).toUpperCase().padStart(16, '7Q2M4T9X8B3K5N1P'))
    .replace(
      'KEY',
      `uploads/2026/10/05/customer-${mixed % 9973}/reports/quarterly-report-${i}-final+version.csv`,
    )
    .replace('SIZE', String(mixed % 50_000_000))
    .replace('ETAG', hex(mixed, 8).repeat(4))
    .replace('SEQUENCER', `0068F1A2C3${hex(mixed, 8).toUpperCase()}`);
}

/** One piece of memory, as text that was read from a network is; `replace` and `join` may leave pieces that are joined when read. */
const flat = (text) => Buffer.from(text, 'latin1').toString('latin1');

function readAll(texts, read) {
  let last;
  for (let pass = 0; pass < PASSES; pass++) for (const text of texts) last = read(text);
  return last;
}

/** CPU milliseconds of each work in each round, after rounds that let the compiler finish. */
function byTurns(works) {
  const times = works.map(() => []);
  for (let round = -5; round < ROUNDS; round++) {
    for (const [i, work] of works.entries()) {
      const before = process.cpuUsage();
      work();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) times[i].push((user + system) / 1000);
    }
  }
  return times;
}
