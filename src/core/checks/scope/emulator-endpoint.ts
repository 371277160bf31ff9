import { cut } from '../../doctor/words.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';

/**
 * Some services go to a custom endpoint and others to AWS: what was read is not all of the same world. Where all of them go to a custom
 * endpoint, the head of the report names it, and nothing is wrong with that.
 */
export const emulatorEndpoint: Check = {
  id: 'emulator-endpoint',
  reads: [],
  judge(look) {
    const { endpointUrl, strayEndpoints = [] } = look.facts.target;
    if (strayEndpoints.length === 0) return [];
    const strays = cut(strayEndpoints.join(', '));
    return [
      {
        id: 'emulator-endpoint',
        verdict: 'risk',
        severity: 'SCOPE',
        subject: 'endpoint settings',
        message: `the endpoint settings of ${strays} lead somewhere else than those of the other services, so what is set up there is not what is looked at here`,
        evidence: [
          ...(endpointUrl === undefined
            ? []
            : [{ call: 'none', field: 'endpoint', value: cut(endpointUrl) }]),
          { call: 'none', field: 'stray endpoints', value: strays },
        ],
        fix: tell(
          'Unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>, and look for endpoint_url in the profile and its services section.',
        ),
      },
    ];
  },
};
