export { maskSecrets } from '../../model/secrets.ts';
