import type { NormalizedSchema } from '@smithy/core/schema';

/** Decides a string member's value, where the general sample would not do; undefined for the general one. */
export type SpecialText = (name: string, schema: NormalizedSchema) => string | undefined;

/**
 * A value with every member of the schema set: awkward text, two list items, two map entries, the first member of a
 * union. Made from the SDK's schema directly, so that it owes nothing to the code under test. A recursive
 * schema ends where it would enter itself.
 */
export function sample(
  schema: NormalizedSchema,
  special: SpecialText,
  name = '',
  outer: readonly unknown[] = [],
): unknown {
  const traits = schema.getMergedTraits();
  if (outer.includes(schema.getSchema())) return undefined;
  const path = schema.isStructSchema() ? [...outer, schema.getSchema()] : outer;
  if (schema.isStructSchema()) {
    const out: Record<string, unknown> = {};
    for (const [member, memberSchema] of schema.structIterator()) {
      const value = sample(memberSchema, special, member, path);
      if (value === undefined) continue;
      out[member] = value;
      if (schema.isUnionSchema()) break;
    }
    return out;
  }
  if (schema.isListSchema()) {
    if (traits.httpHeader !== undefined) return [`header ${name}`, 'with, comma and "quote"'];
    const value = sample(schema.getValueSchema(), special, name, path);
    if (value === undefined) return undefined;
    return typeof value === 'string' ? [value, `${value}, 2`] : [value, value];
  }
  if (schema.isMapSchema()) {
    const value = sample(schema.getValueSchema(), special, name, path);
    if (value === undefined) return undefined;
    if (traits.httpPrefixHeaders !== undefined) return { k1: 'value of k1', 'k-2': 'é' };
    return { 'k 1 <&>': value, k2: value };
  }
  if (schema.isStringSchema()) return special(name, schema) ?? sampleText(name, schema);
  if (schema.isBooleanSchema()) return true;
  if (schema.isTimestampSchema()) return new Date(1_700_000_000_000);
  if (schema.isBlobSchema()) return Buffer.from('bytes é\u0000');
  if (schema.isNumericSchema()) return traits.httpResponseCode ? 200 : 7;
  throw new Error(`no sample for ${schema.getName(true) ?? name}`);
}

function sampleText(name: string, schema: NormalizedSchema): string {
  const traits = schema.getMergedTraits();
  if (traits.httpLabel) return 'label:é /x?#%+';
  if (traits.httpHeader !== undefined) return `header ${name}`;
  // The SDK writes line breaks in attributes as they are, where XML makes them spaces.
  if (traits.xmlAttribute) return ` <&"'> é ${name} `;
  return ` <&"'> é\u2028 ]]> \r\n\t ${name} `;
}

/** Values as comparable data: bytes, dates and the SDK's own containers become plain text, absent members vanish. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => item !== undefined && key !== '$metadata')
      .map(([key, item]) => [key, comparable(item)]),
  );
}

/** The members of two structures that differ, for a readable failure. */
export function differences(expected: Record<string, unknown>, actual: Record<string, unknown>): string[] {
  const found: string[] = [];
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const [want, got] = [JSON.stringify(comparable(expected[key])), JSON.stringify(comparable(actual[key]))];
    if (want !== got) found.push(`${key}: expected ${want}, got ${got}`);
  }
  return found;
}
