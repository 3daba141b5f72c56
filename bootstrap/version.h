#ifndef SLIPWAY_BOOTSTRAP_VERSION_H
#define SLIPWAY_BOOTSTRAP_VERSION_H

/* Semantic versioning of what docs/configuration.md and docs/events.md promise. */
#define SLIPWAY_VERSION "0.1.0"

#endif
