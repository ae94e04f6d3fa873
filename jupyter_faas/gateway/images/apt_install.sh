# Runs as root in a build container, in /bin/sh: installs the Debian packages named as arguments and writes
# what is installed before and after to /faas-build/out. Status 3: a package is not to be had under its name.
set -eu
here=/faas-build
out=$here/out
mkdir -p $out
export DEBIAN_FRONTEND=noninteractive APT_CONFIG=$here/apt.conf
. /etc/os-release

cp $here/acquire.conf $APT_CONFIG
# No waiting for the disk: after a crash the container is of no use anyway.
cat >>$APT_CONFIG <<TEXT
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dpkg::Use-Pty "false";
Dpkg::Options:: "--force-unsafe-io";
TEXT

# The host's sources, for this image's release of the same distribution; else those of the image.
read -r distribution codename <$here/release || true
if [ "$ID" = "${distribution:-}" ] && [ -n "${VERSION_CODENAME:-}" ] && [ -d $here/sources.list.d ]; then
    sed -i "s/\b$codename\b/$VERSION_CODENAME/g" $here/sources.list.d/*
    [ ! -f $here/sources.list.d/sources.list ] || mv $here/sources.list.d/sources.list $here/sources.list
    cat >>$APT_CONFIG <<TEXT
Dir::Etc::SourceList "$here/sources.list";
Dir::Etc::SourceParts "$here/sources.list.d";
Dir::Etc::Netrc "$here/auth.conf";
Dir::Etc::NetrcParts "$here/auth.conf.d";
Dir::Etc::TrustedParts "$here/trusted";
TEXT
    # The image knows the keys of its own release best.
    mkdir -p $here/keyrings $here/trusted
    cp /usr/share/keyrings/* $here/keyrings/ 2>/dev/null || true
    cp /etc/apt/trusted.gpg.d/* $here/trusted/ 2>/dev/null || true
fi

# Packages must not start services here.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
fi

installed() { dpkg-query -W -f '${db:Status-Abbrev}${Package}=${Version}\n' | sed -n 's/^ii //p' | sort; }
installed >$out/before
apt-get update -q
if ! apt-get install --simulate -q -y "$@" >$out/simulation 2>&1; then
    cat $out/simulation
    apt-cache pkgnames | sort >$out/names
    exit 3
fi
apt-get install -q -y "$@"
installed >$out/after
