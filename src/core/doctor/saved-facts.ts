import type { DoctorFacts } from './facts.ts';

export type SavedFacts =
  { readonly ok: true; readonly facts: DoctorFacts } | { readonly ok: false; readonly problem: string };

const NODES = ['functions', 'queues', 'topics', 'keys', 'roles'] as const;

/** Reads what `--save-facts` wrote. Never throws; the shape is checked as far as the checks rely on it. */
export function readFacts(text: string): SavedFacts {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!isObject(json)) return { ok: false, problem: 'no facts of "doctor --save-facts"' };
  if (json['schemaVersion'] !== 1) return { ok: false, problem: 'facts of another version of s3evt' };
  const { question, target, bucket, identity, notes } = json;
  const isWhole =
    isObject(question) &&
    Array.isArray(question['remembered']) &&
    isObject(target) &&
    isReading(identity) &&
    isObject(bucket) &&
    isReading(bucket['head']) &&
    isReading(bucket['notification']) &&
    isReading(bucket['owner']) &&
    Array.isArray(notes) &&
    NODES.every((name) => isObject(json[name]));
  if (!isWhole) return { ok: false, problem: 'no facts of "doctor --save-facts"' };
  return { ok: true, facts: json as unknown as DoctorFacts };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isReading(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { state } = value;
  return state === 'known'
    ? value['value'] !== undefined && value['value'] !== null
    : ['absent', 'denied', 'failed'].includes(String(state));
}
