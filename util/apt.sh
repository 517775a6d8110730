# apt with a configuration of our own, for util/deps and util/nginx-source:
# $private is its directory, $log is where it writes.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg


private_apt()
{
    private apt-get -q "$@" >> "$log" 2>&1
}


# The versions there are of a source package, the newest first.

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


# What the machine's release comes from, "RELEASE COMPONENT URI" on each line,
# in either form of apt's sources: apt reads them for us.

machine_targets()
{
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
            'Identifier: Packages' 2>> "$log"
}


machine_codename()
{
    (. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
}


# The source packages of all that, updates and security with it, as lines of
# sources.list.

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
