import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { cut } from '../rule/text.ts';

/** Endpoints of AWS itself: also FIPS, dual-stack and interface endpoints of a VPC. */
const OF_AWS =
  /^https?:\/\/(?:[^/@]*\.)?(?:amazonaws\.com|amazonaws\.com\.cn|api\.aws|api\.amazonwebservices\.com\.cn)\.?(?::\d+)?(?:[/?#]|$)/i;

/** Accounts that emulators make up. */
const MADE_UP = new Set(['000000000000', '123456789012']);

/** What was read may not be AWS, or not all of it the same world. The sandbox is chosen on purpose. */
export const emulatorEndpoint: Check = {
  id: 'emulator-endpoint',
  reads: ['identity'],
  judge(look) {
    const { target, identity } = look.facts;
    if (target.sandbox) return [];
    const { endpointUrl, strayEndpoints = [] } = target;
    const isCustom = endpointUrl !== undefined && !OF_AWS.test(endpointUrl);
    if (!isCustom && strayEndpoints.length === 0) return [];
    const account = valueOf(identity)?.account;
    const strays = strayEndpoints.map(cut).join(', ');
    const message =
      strayEndpoints.length > 0
        ? `the endpoint settings of ${strays} lead somewhere else than those of the other services, so what is set up there is not what is looked at here`
        : `all of this was read from ${cut(endpointUrl ?? '')}, which is not AWS: what works there may not work in AWS, and the reverse`;
    return [
      {
        id: 'emulator-endpoint',
        verdict: 'risk',
        severity: 'SCOPE',
        subject: strayEndpoints.length > 0 ? 'endpoint settings' : `endpoint ${cut(endpointUrl ?? '')}`,
        message,
        evidence: [
          ...(endpointUrl === undefined
            ? []
            : [{ call: 'none', field: 'endpoint', value: cut(endpointUrl) }]),
          ...(strayEndpoints.length === 0 ? [] : [{ call: 'none', field: 'stray endpoints', value: strays }]),
          ...(account !== undefined && MADE_UP.has(account)
            ? [{ call: 'sts:GetCallerIdentity', field: 'Account', value: account }]
            : []),
        ],
        fix: tell(
          'Unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>, and look for endpoint_url in the profile and its services section.',
        ),
      },
    ];
  },
};
