using CaffeActors.Actors.Devices;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Tests.Devices;

public sealed class DeviceListTests
{
    [Theory]
    [InlineData("cpu", "cpu:0")]
    [InlineData("cpu:3", "cpu:3")]
    [InlineData("gpu:12", "gpu:12")]
    public void Names_AreReadAndPrinted(string text, string printed) =>
        Assert.Equal(printed, DeviceId.TryParse(text)!.Value.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("cpu:")]
    [InlineData("cpu:-1")]
    [InlineData("cpu:+1")]
    [InlineData("cpu: 1")]
    [InlineData("CPU:1")]
    [InlineData("tpu:1")]
    [InlineData(":1")]
    [InlineData("cpu:99999999999")]
    public void OtherText_IsNoDevice(string text) => Assert.Null(DeviceId.TryParse(text));

    [Fact]
    public void Lists_AreReadInTheirOrder()
    {
        Assert.Equal(["cpu:1", "cpu:0"], DeviceList.Parse("cpu:1, cpu", "--device").Select(id => id.ToString()));
        Assert.Equal(["gpu:2", "gpu:0"], DeviceOpener.OfGpus("2,0", "--gpu").Select(id => id.ToString()));
    }

    [Theory]
    [InlineData("cpu:0,cpu:0", "names cpu:0 twice")]
    [InlineData("cpu,", "not ''")]
    public void BadLists_AreRefused(string text, string says) =>
        Assert.Contains(says, Assert.Throws<CaffeException>(() => DeviceList.Parse(text, "--device")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void TooManyDevices_AreRefused() =>
        Assert.Contains("65 devices", Assert.Throws<CaffeException>(() => DeviceList.Parse(
            string.Join(',', Enumerable.Range(0, 65).Select(i => $"cpu:{i}")), "--device")).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(8, 3, "3 3 2")]
    [InlineData(2, 4, "1 1 1 1")]
    [InlineData(4, 1, "4")]
    public void Threads_AreDealtOut(int threads, int devices, string expected) =>
        Assert.Equal(expected, string.Join(' ', DeviceList.Deal(threads, devices)));
}
