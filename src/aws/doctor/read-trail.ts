/** What CloudTrail knows of changes: slow and rate limited (two calls a second), so asked only when something has to be explained. */
import type { DoctorFacts, TrailEvent } from '../../core/doctor/facts.ts';
import { valueOf, type Reading } from '../../core/doctor/reading.ts';
import { hopsOf, rulesInQuestion } from '../../core/doctor/routes.ts';
import type { Aws } from '../clients.ts';
import { createReader, type Reader } from './reader.ts';

/** Nobody waits longer. */
const MOST_WAIT_MS = 5_000;

/** The facts with what CloudTrail knows of the bucket and of what its events go to. */
export async function withTrail(aws: Aws, facts: DoctorFacts): Promise<DoctorFacts> {
  const region = valueOf(facts.bucket.head)?.region;
  const reader = createReader(region === undefined ? aws : aws.inRegion(region));
  const hops = hopsOf(facts, rulesInQuestion(facts));
  const direct = hops.filter(({ depth }) => depth === 0).map(({ arn }) => facts.functions[arn]?.name ?? arn);
  const { expected } = facts.question;
  const asked = expected === undefined ? [] : [facts.functions[expected]?.name ?? expected];
  const names = [...new Set([facts.bucket.name, ...asked, ...direct])].slice(0, 4);
  return { ...facts, trail: await readTrail(reader, names) };
}

/** Newest first, of these names of resources, a page of 50 for each. LookupEvents takes one attribute for each call, and keeps 90 days. */
async function readTrail(
  reader: Reader,
  resources: readonly string[],
): Promise<Reading<readonly TrailEvent[]>> {
  const action = 'cloudtrail:LookupEvents';
  return reader.read(action, 'trail', async () => {
    const [cloudtrail, { LookupEventsCommand }] = await Promise.all([
      reader.aws.cloudtrail(),
      import('@aws-sdk/client-cloudtrail'),
    ]);
    const found = new Map<string, TrailEvent>();
    for (const resource of resources) {
      const command = new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: resource }],
        MaxResults: 50,
      });
      // One after the other: two a second are allowed.
      const page = await reader.aws.call(
        ({ abortSignal }) => cloudtrail.send(command, { abortSignal, requestTimeout: MOST_WAIT_MS }),
        { action, resource },
      );
      for (const one of page.Events ?? []) {
        const { requestParameters, errorCode, readOnly } = detailsOf(one.CloudTrailEvent);
        if (readOnly === true || one.ReadOnly === 'true') continue;
        found.set(one.EventId ?? String(found.size), {
          time: one.EventTime?.getTime() ?? 0,
          name: one.EventName ?? '',
          user: one.Username ?? '',
          resources: (one.Resources ?? []).flatMap(({ ResourceName }) => ResourceName ?? []),
          requestParameters,
          errorCode: typeof errorCode === 'string' ? errorCode : undefined,
        });
      }
    }
    return [...found.values()].sort((a, b) => b.time - a.time);
  });
}

function detailsOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text ?? '{}') as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
