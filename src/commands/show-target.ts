import type { Target } from '../aws/target.ts';
import type { Progress } from '../core/progress.ts';

/** Account, Region and profile, shown before the first write; a custom endpoint is marked so that nobody overlooks it. */
export function targetShown(target: Target, account: string): Progress {
  const place = target.sandbox
    ? `the local AWS at ${target.endpointUrl?.value ?? '127.0.0.1'}`
    : target.endpointUrl === undefined
      ? 'AWS'
      : `${target.endpointUrl.value} (a custom endpoint, not AWS)`;
  const profile = target.profile === undefined ? '' : `, profile ${target.profile.value}`;
  return {
    type: 'show',
    title: `On ${place}`,
    lines: [{ mark: ' ', text: `account ${account}, region ${target.region.value}${profile}` }],
  };
}
