source /work/wt/py/env.sh; cd /work/wt/py.tmp
export PGP=50379
export PGD=$(ls -d /var/cache/mt-py/binaries/*/ | grep 14 | head -1)
