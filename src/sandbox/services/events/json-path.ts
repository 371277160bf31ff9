/**
 * The part of JSONPath that EventBridge reads: `$.detail.items[0].name`, `$.resources[*]`, `$['detail']`
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html).
 */
type Step = { readonly member: string } | { readonly index: number } | 'all';

const STEP = /\.\*|\.([^.[\]]+)|\[(\d+)\]|\[\*\]|\['([^']*)'\]|\["([^"]*)"\]/y;

/** Undefined for what is no such path: AWS does not look at paths before they are used. */
function parsePath(path: string): readonly Step[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const found = STEP.exec(path);
    if (!found) return undefined;
    const [, dotted, index, single, double] = found;
    const member = dotted ?? single ?? double;
    if (member !== undefined) steps.push({ member });
    else steps.push(index === undefined ? 'all' : { index: Number(index) });
  }
  return steps;
}

/** What the path finds: a list when it has a wildcard. Undefined when it finds nothing or is no path. */
export function readPath(event: unknown, path: string): unknown {
  const steps = parsePath(path);
  if (!steps) return undefined;
  let values: readonly unknown[] = [event];
  for (const step of steps) values = values.flatMap((value) => take(value, step));
  return steps.includes('all') ? values : values[0];
}

function take(value: unknown, step: Step): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (step === 'all') return Object.values(value);
  if ('index' in step) {
    return Array.isArray(value) && step.index < value.length
      ? [(value as readonly unknown[])[step.index]]
      : [];
  }
  const { member } = step;
  return Object.hasOwn(value, member) ? [(value as Readonly<Record<string, unknown>>)[member]] : [];
}
