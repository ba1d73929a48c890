#!/usr/bin/env bash
# Builds the container image with whatever builder is there.
set -euo pipefail
cd "$(dirname "$0")/.."

image=${TANDEM_IMAGE:-localhost/tandem:dev}
for builder in buildah podman docker; do
  command -v "$builder" >/dev/null 2>&1 || continue
  case $builder in
    buildah) exec buildah bud --isolation=chroot --file deploy/Containerfile --tag "$image" . ;;
    *) exec "$builder" build --file deploy/Containerfile --tag "$image" . ;;
  esac
done
echo "Building the image needs buildah, podman or docker: install one of them." >&2
exit 1
