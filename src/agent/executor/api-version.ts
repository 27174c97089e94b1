export { compareApi } from '../../model/api-version.ts';
