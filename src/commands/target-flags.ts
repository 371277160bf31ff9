export { targetFlags } from '../aws/target-flags.ts';
