// Preloaded with --import: writes the path of every file of the bundle that the process reads into the file S3EVT_LOADS.
import fs from 'node:fs';

const { appendFileSync, readFileSync } = fs;
const record = process.env.S3EVT_LOADS;

if (record !== undefined) {
  fs.readFileSync = (path, ...rest) => {
    if (/\.(cjs|json)$/.test(String(path))) appendFileSync(record, `${String(path)}\n`);
    return readFileSync(path, ...rest);
  };
}
