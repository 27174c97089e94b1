import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { ContainerSpec } from '../../../model/container.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { given, sparse } from './sparse.ts';

const seccompModes = ['default', 'unconfined', 'custom'] as const;

export const privilegesSchema = z.strictObject({
  CredentialSpec: z.record(z.string(), z.unknown()).optional(),
  SELinuxContext: z
    .strictObject({
      Disable: z.boolean().optional(),
      User: z.string().optional(),
      Role: z.string().optional(),
      Type: z.string().optional(),
      Level: z.string().optional(),
    })
    .optional(),
  Seccomp: z.strictObject({ Mode: z.enum(seccompModes).optional(), Profile: z.base64().optional() }).optional(),
  AppArmor: z.strictObject({ Mode: z.enum(['default', 'disabled']).optional() }).optional(),
  NoNewPrivileges: z.boolean().optional(),
});
type Privileges = z.infer<typeof privilegesSchema>;
type DockerPrivileges = NonNullable<NonNullable<Definitions['TaskSpec']['ContainerSpec']>['Privileges']>;

/** The model's part: security options in the engine's own words, `label=user:u` and `apparmor=unconfined`. */
type Security = Pick<ContainerSpec, 'securityOpt' | 'seccomp' | 'noNewPrivileges'>;

const disabledAppArmor = 'apparmor=unconfined';
const disabledLabel = 'label=disable';
const labelKeys = { User: 'user', Role: 'role', Type: 'type', Level: 'level' } as const;
const labelNames = ['User', 'Role', 'Type', 'Level'] as const;

export const privilegesFrom = (privileges: Privileges): Security => {
  if (privileges.CredentialSpec !== undefined) {
    throw new TuttiError('invalid-argument', 'Privileges.CredentialSpec is for Windows containers only');
  }
  const options = [
    ...selinuxOptions(privileges.SELinuxContext ?? {}),
    ...(privileges.AppArmor?.Mode === 'disabled' ? [disabledAppArmor] : []),
  ];
  return sparse({
    securityOpt: options.length > 0 ? options : undefined,
    seccomp: given(privileges.Seccomp, (seccomp) =>
      sparse({
        mode: seccomp.Mode ?? 'default',
        profile: given(seccomp.Profile, (profile) => Buffer.from(profile, 'base64').toString('utf8')),
      }),
    ),
    noNewPrivileges: privileges.NoNewPrivileges,
  });
};

const selinuxOptions = (context: NonNullable<Privileges['SELinuxContext']>): readonly string[] => [
  ...(context.Disable === true ? [disabledLabel] : []),
  ...labelNames.flatMap((name) => {
    const value = context[name];
    return value === undefined || value === '' ? [] : [`label=${labelKeys[name]}:${value}`];
  }),
];

/** Undefined where nothing of it is set. Security options that Docker's shape has no word for are left to carry.ts. */
export const privilegesTo = (security: Security): DockerPrivileges | undefined => {
  const options = security.securityOpt ?? [];
  const privileges = sparse({
    SELinuxContext: selinuxContext(options),
    AppArmor: options.includes(disabledAppArmor) ? { Mode: 'disabled' as const } : undefined,
    Seccomp: given(security.seccomp, (seccomp) =>
      sparse({
        Mode: seccompModes.find((mode) => mode === seccomp.mode),
        Profile: given(seccomp.profile, (profile) => Buffer.from(profile, 'utf8').toString('base64')),
      }),
    ),
    NoNewPrivileges: security.noNewPrivileges,
  });
  return Object.keys(privileges).length > 0 ? privileges : undefined;
};

const selinuxContext = (options: readonly string[]): DockerPrivileges['SELinuxContext'] | undefined => {
  const of = (name: keyof typeof labelKeys): string | undefined => {
    const prefix = `label=${labelKeys[name]}:`;
    return options.find((option) => option.startsWith(prefix))?.slice(prefix.length);
  };
  const context = sparse({
    Disable: options.includes(disabledLabel) ? true : undefined,
    User: of('User'),
    Role: of('Role'),
    Type: of('Type'),
    Level: of('Level'),
  });
  return Object.keys(context).length > 0 ? context : undefined;
};

/** True for a security option that `privilegesTo` shows. */
export const isPrivilegeOption = (option: string): boolean =>
  option === disabledAppArmor ||
  option === disabledLabel ||
  Object.values(labelKeys).some((key) => option.startsWith(`label=${key}:`));
