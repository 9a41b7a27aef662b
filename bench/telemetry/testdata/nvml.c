// A stand-in for NVML with one GPU, an H200, checked by the compiler against NVIDIA's nvml.h. OLD lacks what old drivers
// lack, DEAD does not start, EMPTY has no GPU.
#include <nvml.h>
#include <string.h>

#define UUID "GPU-7d4f1b6e-3c0a-4a52-9a8e-1f6d2c5b9e01"

static nvmlDevice_t gpu = {(struct nvmlDevice_st *)UUID};

static int known(nvmlDevice_t device) { return device.handle == gpu.handle; }

static nvmlReturn_t text(const char *from, char *to, unsigned int length) {
	if (strlen(from) >= length) return NVML_ERROR_INSUFFICIENT_SIZE;
	strcpy(to, from);
	return NVML_SUCCESS;
}

#define ANSWER(device, to, value) \
	if (!known(device)) return NVML_ERROR_INVALID_ARGUMENT; \
	*(to) = (value); \
	return NVML_SUCCESS;

#ifdef DEAD
nvmlReturn_t nvmlInit_v2(void) { return NVML_ERROR_DRIVER_NOT_LOADED; }
#else
nvmlReturn_t nvmlInit_v2(void) { return NVML_SUCCESS; }
#endif
nvmlReturn_t nvmlShutdown(void) { return NVML_SUCCESS; }
nvmlReturn_t nvmlSystemGetDriverVersion(char *to, unsigned int length) { return text("550.54.15", to, length); }

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
#ifdef EMPTY
	return NVML_ERROR_INVALID_ARGUMENT;
#endif
	if (index != 0) return NVML_ERROR_INVALID_ARGUMENT;
	*device = gpu;
	return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device) {
	if (strcmp(uuid, UUID) != 0) return NVML_ERROR_NOT_FOUND;
	*device = gpu;
	return NVML_SUCCESS;
}
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *to, unsigned int length) {
	return known(device) ? text("NVIDIA H200 141GB HBM3e", to, length) : NVML_ERROR_INVALID_ARGUMENT;
}
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *to, unsigned int length) {
	return known(device) ? text(UUID, to, length) : NVML_ERROR_INVALID_ARGUMENT;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *to) {
	ANSWER(device, to, ((nvmlMemory_t){.total = 144384ull << 20, .free = 144383ull << 20, .used = 1 << 20}))
}
nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned int *to) { ANSWER(device, to, 700000) }
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *to) { ANSWER(device, to, 123000) }
nvmlReturn_t nvmlDeviceGetEccMode(nvmlDevice_t device, nvmlEnableState_t *now, nvmlEnableState_t *pending) {
	*pending = NVML_FEATURE_DISABLED;
	ANSWER(device, now, NVML_FEATURE_ENABLED)
}
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, unsigned int *to) {
	ANSWER(device, to, type == NVML_CLOCK_SM ? 1001 : type == NVML_CLOCK_MEM ? 1002 : 0)
}
nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long *to) {
	ANSWER(device, to, nvmlClocksThrottleReasonGpuIdle)
}

#ifdef OLD
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, unsigned int *to) {
	return NVML_ERROR_NOT_SUPPORTED;
}
#else
nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, unsigned int *to) {
	ANSWER(device, to, sensor == NVML_TEMPERATURE_GPU ? 41 : 99)
}
nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned int *now, unsigned int *pending) {
	*pending = NVML_DEVICE_MIG_ENABLE;
	ANSWER(device, now, NVML_DEVICE_MIG_DISABLE)
}
nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long *to) { ANSWER(device, to, 5250) }
nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t device, unsigned long long *to) {
	ANSWER(device, to, nvmlClocksEventReasonSwPowerCap | nvmlClocksThrottleReasonHwThermalSlowdown)
}
nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int n, nvmlFieldValue_t *values) {
	if (!known(device)) return NVML_ERROR_INVALID_ARGUMENT;
	for (int i = 0; i < n; i++) {
		nvmlFieldValue_t *v = &values[i];
		v->nvmlReturn = v->fieldId == NVML_FI_DEV_POWER_INSTANT && v->scopeId == 0 ? NVML_SUCCESS : NVML_ERROR_INVALID_ARGUMENT;
		v->timestamp = v->latencyUsec = -1;
		v->valueType = NVML_VALUE_TYPE_UNSIGNED_INT;
		v->value.ullVal = ~0ull;
		v->value.uiVal = 10000;
	}
	return NVML_SUCCESS;
}
#endif

// The numbers that the package has no header for.
_Static_assert(NVML_VALUE_TYPE_DOUBLE == 0 && NVML_VALUE_TYPE_UNSIGNED_INT == 1 && NVML_VALUE_TYPE_UNSIGNED_LONG == 2 &&
	NVML_VALUE_TYPE_UNSIGNED_LONG_LONG == 3, "types of a field");
_Static_assert(nvmlClocksEventReasonGpuIdle == 1 && nvmlClocksEventReasonApplicationsClocksSetting == 2 &&
	nvmlClocksEventReasonSwPowerCap == 4 && nvmlClocksThrottleReasonHwSlowdown == 8 && nvmlClocksEventReasonSyncBoost == 16 &&
	nvmlClocksEventReasonSwThermalSlowdown == 32 && nvmlClocksThrottleReasonHwThermalSlowdown == 64 &&
	nvmlClocksThrottleReasonHwPowerBrakeSlowdown == 128, "the order of reasons");
_Static_assert(NVML_ERROR_FUNCTION_NOT_FOUND == 13, "status of a function that is not there");
