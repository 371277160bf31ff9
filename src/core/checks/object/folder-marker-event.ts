import { keyPasses } from '../../key-filter.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { FunctionNode, SeenRecord } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { seenRecords } from './seen.ts';

const ADVICE =
  'Let the handler return at once for keys that end in "/", or give the rule a suffix that such keys do not have.';

/**
 * An empty object whose key ends in `/`, as the console makes for a folder, is an object like any other. It is a fault of the code, and
 * no more than a risk as long as the code is not seen to fail for it.
 */
export const folderMarkerEvent: Check = {
  id: 'folder-marker-event',
  reads: ['functions.log', 'object.head', 'bucket.sample'],
  judge(look) {
    const failing = failures(look);
    if (failing.length > 0) return failing;
    const { bucket, object, question } = look.facts;
    const known = { reading: object?.head ?? bucket.sample, keys: [] as string[] };
    if (question.key === undefined) {
      const sample = look.value(bucket.sample)?.entries ?? [];
      known.keys = sample
        .filter((one) => isMarker(one.key, one.size) && !one.deleteMarker)
        .map(({ key }) => key);
    } else if (object) {
      const head = look.value(object.head);
      known.keys = head && isMarker(object.key, head.size) ? [object.key] : [];
    }
    const rules = look.rules.filter(
      ({ events, filter }) =>
        events.some((event) => event.startsWith('s3:ObjectCreated:')) &&
        known.keys.some((key) => keyPasses(filter, key)),
    );
    const key = known.keys.find((one) => rules.some(({ filter }) => keyPasses(filter, one)));
    if (key === undefined) return [];
    return [
      {
        id: 'folder-marker-event',
        verdict: 'risk',
        severity: 'COST',
        subject: `object ${cut(key)}`,
        ruleIds: rules.map(({ id }) => id),
        message: `"${cut(key)}" is an empty object that stands for a folder, and S3 sends its events like those of any other`,
        evidence: [evidence(known.reading, 'Size', '0')],
        fix: tell(ADVICE),
      },
    ];
  },
};

function isMarker(key: string, size: number): boolean {
  return key.endsWith('/') && size === 0;
}

/** Functions that fail for markers. Certain where other keys are processed and only markers fail. */
function failures(look: Look): readonly Finding[] {
  const { key } = look.facts.question;
  const byFunction = new Map<FunctionNode, SeenRecord[]>();
  for (const { record, node } of seenRecords(look.facts)) {
    byFunction.set(node, [...(byFunction.get(node) ?? []), record]);
  }
  return [...byFunction].flatMap(([node, records]) => {
    const failed = failedInvocations(node);
    const isFailed = ({ invocation }: SeenRecord) => invocation !== undefined && failed.has(invocation);
    const markers = records.filter(
      (record) => record.key.endsWith('/') && (key === undefined || record.key === key),
    );
    const others = records.filter((record) => !record.key.endsWith('/'));
    const first = markers.find(isFailed);
    if (!first) return [];
    const isOnlyMarkers = others.length > 0 && !others.some(isFailed);
    return [
      {
        id: 'folder-marker-event',
        verdict: isOnlyMarkers ? 'broken' : 'suspected',
        severity: 'CODE',
        subject: called(node.arn),
        node: node.arn,
        message: `${called(node.arn)} fails for "${cut(first.key)}", an object that stands for a folder${isOnlyMarkers ? ', and not for others' : ''}`,
        evidence: [
          { call: 'log', field: 's3.object.key', value: cut(first.rawKey) },
          { call: 'log', field: 'failed invocation', value: first.invocation ?? '' },
        ],
        fix: tell(ADVICE),
      },
    ];
  });
}

function failedInvocations({ log }: FunctionNode): ReadonlySet<string> {
  const seen = valueOf(log?.seen);
  return new Set([
    ...(seen?.invocations ?? []).flatMap(({ requestId, report }) =>
      report !== undefined && report.status !== 'ok' ? [requestId] : [],
    ),
    ...(seen?.errors ?? []).flatMap(({ invocation, type }) =>
      invocation === undefined || type === '' ? [] : [invocation],
    ),
  ]);
}
