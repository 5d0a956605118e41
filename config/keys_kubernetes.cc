#include "config/keys_tables.h"

// A pod (core/v1), and the provider section of Ray's own Kubernetes provider (Ray 0.8 to 1.13).

namespace rayctl {

using namespace make;  // NOLINT(google-build-using-namespace): rows of tables

namespace {

const Record* container_record() {
  static const Record record = table({
      fields(KeyType::kString,
             {"image", "imagePullPolicy", "name", "restartPolicy", "terminationMessagePath",
              "terminationMessagePolicy", "workingDir"}),
      fields(KeyType::kStrings, {"args", "command"}),
      fields(KeyType::kList, {"env", "envFrom", "ports", "resizePolicy", "restartPolicyRules",
                              "volumeDevices", "volumeMounts"}),
      fields(KeyType::kMap, {"lifecycle", "livenessProbe", "readinessProbe", "resources",
                             "securityContext", "startupProbe"}),
      fields(KeyType::kBool, {"stdin", "stdinOnce", "tty"}),
  });
  return &record;
}

const Record* pod_record() {
  static const Record record = table({
      {required(records("containers", container_record, "The first one runs Ray.")),
       records("initContainers", container_record, "Run to their end before the others.")},
      fields(KeyType::kInt, {"activeDeadlineSeconds", "terminationGracePeriodSeconds"}),
      fields(KeyType::kScalar, {"priority"}),
      fields(KeyType::kMap, {"affinity", "dnsConfig", "nodeSelector", "os", "overhead", "resources",
                             "securityContext"}),
      fields(KeyType::kBool,
             {"automountServiceAccountToken", "enableServiceLinks", "hostIPC", "hostNetwork",
              "hostPID", "hostUsers", "setHostnameAsFQDN", "shareProcessNamespace"}),
      fields(KeyType::kString,
             {"dnsPolicy", "hostname", "hostnameOverride", "nodeName", "preemptionPolicy",
              "priorityClassName", "restartPolicy", "runtimeClassName", "schedulerName",
              "serviceAccount", "serviceAccountName", "subdomain"}),
      fields(KeyType::kList, {"ephemeralContainers", "hostAliases", "imagePullSecrets",
                              "readinessGates", "resourceClaims", "schedulingGates", "tolerations",
                              "topologySpreadConstraints", "volumes"}),
  });
  return &record;
}

const Record* metadata_record() {
  static const Record record = table({
      fields(KeyType::kStringOf, {"annotations", "labels"}),
      fields(KeyType::kString, {"generateName", "name", "namespace"}),
      fields(KeyType::kList, {"finalizers", "ownerReferences"}),
  });
  return &record;
}

}  // namespace

const Record* kubernetes_record() {
  static const Record record = table({
      common_provider_keys(),
      {text("context", "Of the kubeconfig; without it the current one."),
       text("namespace", "The namespace of the pods."),
       map("autoscaler_service_account", "A ServiceAccount for the head, made if it is not there."),
       map("autoscaler_role", "A Role for it."),
       map("autoscaler_role_binding", "What binds the two."),
       list("services", "Services to make.")},
  });
  return &record;
}

const Record* kubernetes_node_record() {
  static const Record record{{
      text("apiVersion", "v1."),
      text("kind", "Pod."),
      map("pod", "The pod, as Ray 0.8 to 1.13 took it too."),
      make::record("metadata", metadata_record, "Labels and annotations of the pod."),
      make::record("spec", pod_record, "The pod."),
  }};
  return &record;
}

}  // namespace rayctl
