import type { Network, NetworkSpec } from '../../model/network.ts';
import type { Config, ConfigSpec, Secret, SecretSpec } from '../../model/secret.ts';
import type { Service, ServiceSpec } from '../../model/service.ts';
import type { FieldChange } from './difference.ts';

/** What a stack consists of, by kind. */
export interface SpecByKind {
  readonly network: NetworkSpec;
  readonly secret: SecretSpec;
  readonly config: ConfigSpec;
  readonly service: ServiceSpec;
}
export type ObjectKind = keyof SpecByKind;

/** What to do about one object. Specs refer to networks, secrets and configs by **name**, as in a StackSpec. */
type ActionOn<Kind extends ObjectKind> =
  | { readonly kind: 'create'; readonly object: Kind; readonly name: string; readonly spec: SpecByKind[Kind] }
  | {
      readonly kind: 'update';
      readonly object: Kind;
      readonly name: string;
      readonly id: string;
      readonly spec: SpecByKind[Kind];
      /** Never empty. */
      readonly changes: readonly FieldChange[];
    }
  | { readonly kind: 'remove'; readonly object: Kind; readonly name: string; readonly id: string }
  | { readonly kind: 'unchanged'; readonly object: Kind; readonly name: string; readonly id: string };

/** One step of a plan, discriminated by `kind` and `object`. */
export type PlanAction = { [Kind in ObjectKind]: ActionOn<Kind> }[ObjectKind];

/** The objects of the whole cluster: a stack may refer to networks, secrets and configs that are not its own. */
export interface CurrentState {
  readonly services: readonly Service[];
  readonly networks: readonly Network[];
  readonly secrets: readonly Secret[];
  readonly configs: readonly Config[];
}
