"""Containers without a daemon or a registry: podman with a store of its own.

The store, under build/image, has the base image too, which is made here with
debootstrap.  VOYO_BASE names another one that podman can pull, VOYO_IMAGE an
image of VOYO to test instead of building one.
"""

import json
import os
import resource
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / 'build/image'
OWN_BASE = 'localhost/trixie-slim'
BASE = os.environ.get('VOYO_BASE', OWN_BASE)
LIMITS = {'nofile': (resource.RLIMIT_NOFILE, 65536),
          'nproc': (resource.RLIMIT_NPROC, 8192)}

# What Debian's images for containers have, and what their slim variants lack.

FILES = {
    'usr/sbin/policy-rc.d': '#!/bin/sh\nexit 101\n',
    'etc/apt/apt.conf.d/docker-no-languages': 'Acquire::Languages "none";\n',
    'etc/dpkg/dpkg.cfg.d/docker': 'force-unsafe-io\n' + ''.join(
        f'path-exclude /usr/share/{each}/*\n'
        for each in ('doc', 'info', 'locale', 'man'))
    + 'path-include /usr/share/doc/*/copyright\n',
}
LACKS = ('usr/share/doc/', 'usr/share/info/', 'usr/share/locale/',
         'usr/share/man/', 'var/cache/apt/', 'var/lib/apt/lists/', 'var/log/')


def environment() -> dict[str, str]:
    """For podman: its store, and what it must not assume of this machine."""

    STORE.mkdir(parents=True, exist_ok=True)
    driver = os.environ.get('STORAGE_DRIVER', 'overlay')
    (STORE / 'storage.conf').write_text(
        f'[storage]\ndriver = "{driver}"\n'
        f'graphroot = "{STORE}/store"\nrunroot = "{STORE}/run"\n')

    # by default it raises these limits, which takes a privilege
    limits = []
    for name, (number, most) in LIMITS.items():
        hard = resource.getrlimit(number)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        limits.append(f'"{name}={most}:{most}"')
    (STORE / 'containers.conf').write_text(
        f'[containers]\ndefault_ulimits = [{", ".join(limits)}]\n'
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n'
        'events_logger = "none"\n[network]\nnetwork_backend = "netavark"\n')
    return {**os.environ, 'CONTAINERS_CONF': f'{STORE}/containers.conf',
            'CONTAINERS_STORAGE_CONF': f'{STORE}/storage.conf'}


def podman(*arguments: Any, seconds: float = 120, check: bool = True,
           errors: bool = False) -> str:
    """Its output, with what it says as errors or without: that is logged."""

    env = environment()
    with (STORE / 'podman.log').open('a') as log:
        # where it leaves a file "oom" when a container runs out of memory
        done = subprocess.run(
            ['podman', *map(str, arguments)], env=env, text=True, cwd=STORE,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors else log, timeout=seconds)
    if check and done.returncode:
        raise AssertionError(
            f'podman {arguments[0]}: status {done.returncode}, '
            f'see {STORE}/podman.log')
    return done.stdout.strip()


def make_base() -> None:
    """Makes the base image, unless there is one or another one is named."""

    if BASE != OWN_BASE or podman('images', '--quiet', BASE):
        return

    with tempfile.TemporaryDirectory(prefix='voyo-base-') as directory:
        root = Path(directory) / 'root'
        subprocess.run(
            ['debootstrap', '--variant=minbase', '--include=ca-certificates',
             'trixie', root, mirror()], check=True, stdout=subprocess.DEVNULL)
        for name, content in {**FILES, **trust()}.items():
            (root / name).write_text(content)
            (root / name).chmod(0o755 if '/sbin/' in name else 0o644)

        archive = Path(directory) / 'base.tar'
        with tarfile.open(archive, 'w') as file:
            file.add(root, '.', filter=slim)
        podman('import', '--change', 'CMD ["bash"]', archive, BASE,
               seconds=600)


def mirror() -> str:
    """The one of the machine's own release."""

    return subprocess.run(
        ['apt-get', 'indextargets', '--format', '$(REPO_URI)',
         'Identifier: Packages', 'Component: main'], check=True,
        stdout=subprocess.PIPE, text=True).stdout.split()[0]


def trust() -> dict[str, str]:
    """How old the mirror's index may be, as this machine's apt has it."""

    lines = subprocess.run(['apt-config', 'dump'], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    return {'etc/apt/apt.conf.d/dates': ''.join(
        f'{line}\n' for line in lines if line.startswith('Acquire::Check-'))}


def slim(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = member.name.removeprefix('./')
    if member.isdir() or not name.startswith(LACKS):
        return member
    return member if name.endswith('/copyright') else None


def image() -> str:
    """The name of VOYO's image, which is built if it is not up to date."""

    if 'VOYO_IMAGE' in os.environ:
        return os.environ['VOYO_IMAGE']

    make_base()
    with (STORE / 'build.log').open('w') as log:
        done = subprocess.run(
            [ROOT / 'util/image', f'--build-arg=BASE={BASE}',
             '--network=host', '--pull=never', '--isolation=chroot'],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=1800,
            env={**environment(), 'IMAGE': 'localhost/voyo',
                 'IMAGE_BUILDER': 'podman build --layers --format docker'})
    if done.returncode:
        raise AssertionError(f'no image, see {STORE}/build.log')
    return 'localhost/voyo'


def build(name: str, file: Path, context: Path, *more: str) -> None:
    podman('build', '--format', 'docker', '--pull=never', '--network', 'host',
           '--isolation', 'chroot',
           '-f', file, '-t', name, *more, context, seconds=1800)


def inspect(name: str) -> Any:
    return json.loads(podman('inspect', name))[0]
