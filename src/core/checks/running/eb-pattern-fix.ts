/** The commonest slips in patterns for S3's events, set right. */
import { EVENT_NAMES } from '../../event-name.ts';
import { eventBridgeTypeOf } from '../../eventbridge-name.ts';
import { decodeEventKey } from '../../key-filter.ts';
import { mapTexts, textsOf, type Leaf } from './pattern-leaves.ts';

const TYPES = new Set(EVENT_NAMES.flatMap((event) => eventBridgeTypeOf(event)?.detailType ?? []));

const lettersOf = (text: string) => text.toLowerCase().replace(/[^a-z]/g, '');

/** `object created`, `ObjectCreated:Put`, `s3:ObjectCreated:*`: the detail type that is meant. */
export function detailTypeMeant(text: string): string | undefined {
  const family = text.replace(/^s3:/i, '').split(':')[0] ?? '';
  const like = (letters: string) => [...TYPES].find((type) => lettersOf(type) === letters);
  return like(lettersOf(text)) ?? like(lettersOf(family)) ?? eventBridgeTypeOf(text)?.detailType;
}

/** A pattern like this one that says what was probably meant. It is for the caller to try. */
export function correctedPattern(leaves: readonly Leaf[], bucket: string, atFault: readonly Leaf[]): string {
  const faults = new Set(atFault.map(({ path }) => path));
  const fixed = new Map<string, readonly unknown[]>();
  const types = (texts: readonly string[]) => [
    ...new Set(texts.flatMap((text) => detailTypeMeant(text) ?? [])),
  ];
  for (const { path, operands } of leaves) {
    if (!faults.has(path)) {
      fixed.set(path, operands);
      continue;
    }
    switch (path) {
      case 'source':
        fixed.set(path, ['aws.s3']);
        break;
      case 'detail-type':
        fixed.set(path, types(textsOf(operands)));
        break;
      case 'eventName':
      case 'detail.eventName': {
        const meant = types(textsOf(operands));
        if (!fixed.has('detail-type') && meant.length > 0) fixed.set('detail-type', meant);
        break;
      }
      case 'detail.bucket':
      case 'detail.bucketName':
      case 'detail.bucket.name':
        fixed.set('detail.bucket.name', [bucket]);
        break;
      case 'resources':
        fixed.set('detail.bucket.name', [bucket]);
        break;
      case 'detail.key':
      case 'detail.object':
        fixed.set('detail.object.key', operands);
        break;
      case 'detail.object.key':
        fixed.set(path, mapTexts(operands, decodeEventKey));
        break;
      case 'detail.object.size':
        fixed.set(path, operands.map(Number).filter(Number.isFinite));
        break;
      default:
        // What S3's events do not have, or what keeps some of them out.
        break;
    }
  }
  return JSON.stringify(nested(fixed));
}

function nested(leaves: ReadonlyMap<string, readonly unknown[]>): object {
  const root: Record<string, unknown> = {};
  for (const [path, operands] of leaves) {
    if (operands.length === 0) continue;
    const names = path.split('.');
    const last = names.pop() ?? '';
    let at = root;
    for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
    at[last] = operands;
  }
  return root;
}
