#  All of Downlink's programs in one image: docker build -t downlink .
#  On Debian 12: docker build --build-arg RELEASE=bookworm -t downlink .
#  SPDX-License-Identifier: Apache-2.0

ARG RELEASE=trixie

FROM debian:${RELEASE}-slim AS build
COPY scripts/install-dependencies.sh /src/scripts/
RUN /src/scripts/install-dependencies.sh build
COPY . /src
RUN cmake -S /src -B /build -G Ninja -D CMAKE_BUILD_TYPE=Release -D BUILD_TESTING=OFF \
    && cmake --build /build \
    && strip /build/bin/*

FROM debian:${RELEASE}-slim
COPY scripts/install-dependencies.sh /tmp/
RUN /tmp/install-dependencies.sh runtime \
    && rm -rf /tmp/install-dependencies.sh /var/lib/apt/lists/* /var/cache/apt/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/downlink downlink \
    && install --directory --owner=downlink --group=downlink --mode=0700 \
        /var/lib/downlink /var/lib/downlink/state /var/lib/downlink/journal /var/lib/downlink/tokens \
        /var/lib/downlink/curve
COPY --from=build /build/bin/ /usr/local/bin/
COPY scripts/ready.sh /usr/local/bin/downlink-ready
USER downlink
WORKDIR /var/lib/downlink
#  Other containers cannot reach a container's loopback, so listen on its network. A gateway does so only with tokens
#  (DOWNLINK_TOKEN_FILE), or with DOWNLINK_INSECURE=yes. Its links to processors have keys: containers that
#  share the directory of keys as a volume make them at the first start.
ENV DOWNLINK_LISTEN=0.0.0.0:8088 DOWNLINK_BIND=0.0.0.0
ENV DOWNLINK_STATE_DIR=/var/lib/downlink/state DOWNLINK_JOURNAL_DIR=/var/lib/downlink/journal
ENV DOWNLINK_CURVE_DIR=/var/lib/downlink/curve
EXPOSE 8088 5561 5562 5563
STOPSIGNAL SIGTERM
CMD ["downlink-gateway", "--help"]
