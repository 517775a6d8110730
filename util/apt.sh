# apt with a private configuration, for util/deps and others:
# $private is its directory, $log its log file.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg


private_apt()
{
    private apt-get -q "$@" >> "$log" 2>&1
}


# The available versions of a source package, newest first.

private_apt_sources()
{
    private apt-cache madison "$1" 2>> "$log" \
        | awk '$NF == "Sources" { print $3 }' | sort -rV
}


private()
{
    local command=$1
    shift

    "$command" \
        -o Dir::State="$private" \
        -o Dir::State::lists="$private/lists" \
        -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$private/cache" \
        -o Dir::Etc::sourcelist="$private/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null \
        -o APT::Default-Release= \
        -o APT::Update::Error-Mode=any \
        -o APT::Sandbox::User="$(id -un)" \
        "$@"
}


# The machine's apt sources, in both of their formats, as lines of "RELEASE
# COMPONENT URI".

machine_targets()
{
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
            'Identifier: Packages' 2>> "$log"
}


machine_codename()
{
    (. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
}


# The deb-src lines for these, including updates and security.

machine_sources()
{
    machine_targets | sort -u \
        | awk -v codename="$(machine_codename)" -v keyring="$keyring" \
              '{ split($1, name, "-") }
               $2 == "main" && (name[1] == codename \
                || name[1] ~ /^(stable|testing|unstable|sid)$/) {
                   print "deb-src [signed-by=" keyring "] " $3, $1, $2
               }'
}
