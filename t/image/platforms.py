"""What Nixpacks and Railpack make of this repository, as Dockerfiles.

Both plan from a file of ours; what they then do with the plan is taken from
their sources (docs/upstream.md, R2 and R3).  Their base images are made here,
with what matters of the originals: the path, the shell and the environment.  The
images for building begin with the compiler that our own image is built with,
since to install it takes minutes.
"""

import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# base/ubuntu/Dockerfile of Nixpacks.  Debian's /etc/profile sets a path, which
# Ubuntu's does not.

NIXPACKS_BASE = r'''
FROM {tools}
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install --no-install-recommends -y \
    sudo locales curl tzdata xz-utils ca-certificates openssl make git \
    pkg-config
RUN sed -i '/^if .*id -u/,/^export PATH/d' /etc/profile
SHELL ["/bin/bash", "-ol", "pipefail", "-c"]
RUN printf 'PATH=$NIXPACKS_PATH:$PATH' >> ~/.profile
ENV \
  ENV=/etc/profile \
  USER=root \
  PATH=/nix/var/nix/profiles/default/bin:/nix/var/nix/profiles/default/sbin:/bin:/sbin:/usr/bin:/usr/sbin \
  LD_LIBRARY_PATH=/usr/lib \
  CPATH=~/.nix-profile/include:$CPATH \
  LIBRARY_PATH=~/.nix-profile/lib:$LIBRARY_PATH
ENTRYPOINT ["/bin/bash", "-l", "-c"]
WORKDIR /app/
RUN shopt -q login_shell && env > /environment
'''


def nixpacks(tools: str, variables: dict[str, str]) -> str:
    """
    With these variables of the service, which are there for the build as well.
    /environment is what the phases find of the base image's.
    """

    plan = tomllib.loads((ROOT / 'nixpacks.toml').read_text())
    phases = plan['phases'].values()
    packages = ' '.join(each for phase in phases
                        for each in phase.get('aptPkgs', ()))
    lines = [NIXPACKS_BASE.format(tools=tools),
             'RUN sudo apt-get update && sudo apt-get install -y '
             f'--no-install-recommends {packages}']
    for name, value in {**plan['variables'], **variables}.items():
        lines += [f'ARG {name}={value}', f'ENV {name}=${name}']
    for phase in phases:
        if 'cmds' in phase:
            lines.append('COPY . /app/.')
            lines += [f'RUN {each}' for each in phase['cmds']]
    lines += ['COPY . /app', 'CMD ' + json.dumps([plan['start']['cmd']])]
    return '\n'.join(lines)


# images/debian of Railpack: build, of which this is the part that concerns us,
# and runtime.

RAILPACK_BASES = '''
FROM {tools} AS builder
ENV DEBIAN_FRONTEND=noninteractive PATH=/mise/shims:$PATH
RUN apt-get update && apt-get install -y --no-install-recommends \\
    git openssl ca-certificates curl

FROM {base} AS runtime
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y ca-certificates pkg-config openssl \\
    tzdata locales
'''


def railpack(tools: str, base: str, variables: dict[str, str]) -> str:
    plan = json.loads((ROOT / 'railpack.json').read_text())
    lines = [RAILPACK_BASES.format(tools=tools, base=base), 'FROM builder AS packages',
             f'RUN {install(plan["buildAptPackages"])}']
    outputs = []
    for name, step in plan['steps'].items():
        lines += [f'FROM packages AS step-{name}', 'WORKDIR /app']
        # secrets: variables that the final image does not have
        lines += [f'ARG {each}={value}' for each, value in variables.items()]
        for layer in step['inputs']:
            if layer != '...':
                lines += [f'COPY {each} /app/{each}'
                          for each in layer['include']]
        lines += [f"RUN sh -c '{each}'" for each in step['commands']]
        outputs += [f'COPY --from=step-{name} {each} {each}'
                    for output in step['deployOutputs']
                    for each in output['include']]

    deploy = plan['deploy']
    lines += ['FROM runtime', f'RUN {install(deploy["aptPackages"])}',
              *outputs, 'WORKDIR /app']
    lines += [f'ENV {name}={value}'
              for name, value in deploy['variables'].items()]
    lines += ['ENTRYPOINT ["/bin/bash", "-c"]',
              'CMD ' + json.dumps([deploy['startCommand']])]
    return '\n'.join(lines)


def install(packages: list[str]) -> str:
    # "..." are the provider's, and there is no provider
    names = ' '.join(sorted(set(packages) - {'...'}))
    return f"sh -c 'apt-get update && apt-get install -y {names}'"
