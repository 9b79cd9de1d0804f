octane upload "$OCTANE_FILES" --suite="$OCTANE_SUITE" ${OCTANE_MODULE:+--module="$OCTANE_MODULE"} -y \
  --spool octane-uploads
