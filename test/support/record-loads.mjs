// Preloaded with --import: writes the URL of every module that the process loads into the file S3EVT_LOADS.
import { appendFileSync } from 'node:fs';
import { register } from 'node:module';

if (process.env.S3EVT_LOADS !== undefined) register(import.meta.url, { data: process.env.S3EVT_LOADS });

let file;

export function initialize(path) {
  file = path;
}

export async function load(url, context, nextLoad) {
  if (file !== undefined) appendFileSync(file, `${url}\n`);
  return nextLoad(url, context);
}
