test("the service answers", async () => {
  const response = await fetch(`${rollcall.service("api").url()}/greeting`);
  expect(await response.text()).toBe("hello from /greeting");
  expect(process.env.API_URL).toBe(rollcall.env.API_URL);
});
