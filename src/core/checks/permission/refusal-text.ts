import { admission } from '../../doctor/admission.ts';
import type { Gate } from '../../doctor/gate.ts';
import type { GuardedHop } from './guarded-hops.ts';

/** What a policy's refusal is, for messages and evidence; undefined when it is none, or an explicit Deny, which is a cause of its own. */
export function refusalText(
  { policy, action }: Gate,
  { arn, sender }: GuardedHop,
): { readonly verdict: 'broken' | 'suspected'; readonly why: string; readonly value: string } | undefined {
  const answer = admission(policy, action, arn, sender);
  switch (answer.kind) {
    case 'allowed':
    case 'denied':
      return undefined;
    case 'unreadable':
      return { verdict: 'suspected', why: 'its policy cannot be read', value: 'not a policy' };
    case 'undecided': {
      const keys = answer.keys.join(', ');
      return {
        verdict: 'suspected',
        why: `its policy admits it only on terms that cannot be judged from here (${keys})`,
        value: `depends on ${keys}`,
      };
    }
    case 'refused': {
      const { nearest } = answer;
      if (!nearest) return { verdict: 'broken', why: 'its policy admits nobody', value: 'no statement' };
      const statement = nearest.sid === undefined ? 'the nearest statement' : `statement "${nearest.sid}"`;
      return {
        // An operator that is not known here: what it decides is not known either.
        verdict: nearest.failed === 'condition' && !nearest.condition ? 'suspected' : 'broken',
        why: `in ${statement} of its policy ${nearest.detail}`,
        value: nearest.detail,
      };
    }
  }
}
